-- One row per promise to pay made by the run's as-of date: what came of it.
with

promises as (

    select * from {{ ref('fct_payment_promises') }}

),

instalments as (

    select instalment_id, settled_on from {{ ref('fct_instalments') }}

),

-- Money that stayed. A promise that names no instalment is measured by all that the customer paid.
instalment_money as (

    select instalment_id, effective_date, sum(amount - reversed_amount) as amount
    from {{ ref('fct_payment_allocations') }}
    where is_money
    group by 1, 2

),

customer_money as (

    select company_id, customer_id, payment_date as effective_date, sum(amount - rejected_amount) as amount
    from {{ ref('fct_payments') }}
    group by 1, 2, 3

),

money_since as (

    select promises.payment_promise_id, promises.amount as promised_amount, money.effective_date, money.amount as received_amount
    from promises
    inner join instalment_money as money
        on promises.instalment_id = money.instalment_id and promises.made_on <= money.effective_date
    union all
    select promises.payment_promise_id, promises.amount as promised_amount, money.effective_date, money.amount as received_amount
    from promises
    inner join customer_money as money
        on
            promises.company_id = money.company_id
            and promises.customer_id = money.customer_id
            and promises.made_on <= money.effective_date
    where promises.instalment_id is null

),

received as (

    select
        payment_promise_id,
        promised_amount,
        effective_date,
        sum(received_amount) over (
            partition by payment_promise_id order by effective_date
            rows between unbounded preceding and current row
        ) as total_received_amount
    from money_since

),

fulfilments as (

    select payment_promise_id, min(effective_date) as fulfilled_on
    from received
    where total_received_amount >= promised_amount
    group by 1

),

paid_in_time as (

    select promises.payment_promise_id, sum(money_since.received_amount) as amount
    from promises
    inner join money_since on promises.payment_promise_id = money_since.payment_promise_id
    where money_since.effective_date <= promises.promised_date
    group by 1

),

dated as (

    select
        promises.*,
        -- What is settled, a credit note included, asks for nothing more.
        case
            when instalments.settled_on is null then fulfilments.fulfilled_on
            else least(
                greatest(instalments.settled_on, promises.made_on),
                coalesce(fulfilments.fulfilled_on, greatest(instalments.settled_on, promises.made_on))
            )
        end as fulfilled_on,
        coalesce(paid_in_time.amount, 0) as paid_amount,
        case
            when promises.instalment_id is not null
                then lead(promises.made_on) over (
                    partition by promises.instalment_id order by promises.made_on, promises.payment_promise_id
                )
        end as next_made_on
    from promises
    left join instalments on promises.instalment_id = instalments.instalment_id
    left join fulfilments on promises.payment_promise_id = fulfilments.payment_promise_id
    left join paid_in_time on promises.payment_promise_id = paid_in_time.payment_promise_id

)

select
    payment_promise_id,
    company_id,
    customer_id,
    instalment_id,
    made_on,
    promised_date,
    amount,
    {{ money('paid_amount') }} as paid_amount,
    fulfilled_on,
    case
        when fulfilled_on <= promised_date then 'kept'
        when next_made_on <= promised_date then 'replaced'
        when promised_date < {{ as_of_date() }} then 'broken'
        else 'pending'
    end as outcome
from dated

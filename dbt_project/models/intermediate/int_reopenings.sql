-- One row per bounce and instalment that it reopens: how much of what the payment had settled is owed again.
-- A source that undoes the allocation itself, with a negative row, is not reopened a second time.
with

rejections as (

    select
        rejections.*,
        {{ resolved('instalment', 'rejections.instalment_id') }} as known_instalment_id
    from {{ ref('int_payment_rejections') }} as rejections
    where rejections.rejected_on <= {{ as_of_date() }}

),

payments as (

    select * from {{ ref('int_payments') }}

),

allocations as (

    select *
    from {{ ref('int_settlements') }}
    where payment_id is not null and allocation_kind in {{ kinds_that_use_payments() }}

),

undone_by_source as (

    select distinct payment_id, instalment_id
    from allocations
    where amount < 0

),

-- What the payment had settled of each instalment when it bounced.
settled as (

    select
        rejections.payment_rejection_id,
        rejections.payment_id,
        allocations.instalment_id,
        allocations.currency_code,
        rejections.rejected_on,
        rejections.known_instalment_id is not null as names_instalment,
        rejections.amount as rejected_amount,
        rejections.company_amount as rejected_company_amount,
        payments.amount as payment_amount,
        payments.currency_code as payment_currency_code,
        sum(allocations.amount) as settled_amount,
        sum(allocations.company_amount) as settled_company_amount
    from rejections
    inner join payments on rejections.payment_id = payments.payment_id
    inner join allocations
        on
            rejections.payment_id = allocations.payment_id
            and allocations.effective_date <= rejections.rejected_on
            and (rejections.known_instalment_id is null or rejections.known_instalment_id = allocations.instalment_id)
    left join undone_by_source
        on
            allocations.payment_id = undone_by_source.payment_id
            and allocations.instalment_id = undone_by_source.instalment_id
    where undone_by_source.payment_id is null
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

),

-- A bounce that names its instalment reopens its own amount there; one that does not reopens
-- each instalment in proportion to the share of the payment that bounced.
claimed as (

    select
        *,
        case
            when names_instalment and payment_currency_code = currency_code then rejected_amount
            when names_instalment
                then {{ apportioned('settled_amount', 'rejected_company_amount', 'settled_company_amount') }}
            else {{ apportioned('settled_amount', 'rejected_amount', 'payment_amount') }}
        end as claimed_amount
    from settled

),

-- Repeated bounces of one payment never reopen more than it had settled by then.
cumulated as (

    select
        *,
        least(
            settled_amount,
            sum(claimed_amount) over (
                partition by payment_id, instalment_id
                order by rejected_on, payment_rejection_id
                rows between unbounded preceding and current row
            )
        ) as reopened_so_far
    from claimed

),

steps as (

    select
        *,
        reopened_so_far - coalesce(lag(reopened_so_far) over (
            partition by payment_id, instalment_id
            order by rejected_on, payment_rejection_id
        ), 0) as reopened_amount
    from cumulated

)

select
    payment_rejection_id,
    payment_id,
    instalment_id,
    rejected_on,
    currency_code,
    {{ money('reopened_amount') }} as amount,
    {{ apportioned('settled_company_amount', 'reopened_amount', 'settled_amount') }} as company_amount
from steps
where reopened_amount > 0

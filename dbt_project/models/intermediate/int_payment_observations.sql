-- One row per invoice instalment that tells something of its payer's habit: paid with money, or open past its
-- due date, which is a lower bound. Disputed ones tell nothing.
with

instalments as (

    select * from {{ ref('fct_instalments') }} where item_type = 'invoice' and amount_to_pay > 0

),

disputes as (

    select * from {{ ref('fct_disputes') }}

),

methods as (

    select payment_method, bounce_days from {{ ref('payment_methods') }}

),

-- Drawn by us, the customer does not choose the day: he pays late only by having it returned.
drawn as (

    select distinct allocations.instalment_id
    from {{ ref('fct_payment_allocations') }} as allocations
    inner join methods on allocations.payment_method = methods.payment_method
    where allocations.is_money and methods.bounce_days > 0

),

disputed_instalments as (

    select instalment_id
    from disputes
    where instalment_id is not null
    union
    select instalments.instalment_id
    from disputes
    inner join instalments on disputes.document_id = instalments.document_id
    where disputes.instalment_id is null

),

judged as (

    select
        instalments.company_id,
        instalments.customer_id,
        instalments.instalment_id,
        instalments.due_date,
        instalments.paid_on,
        instalments.days_paid_late,
        instalments.days_late,
        instalments.company_amount_to_pay,
        drawn.instalment_id is not null as is_drawn,
        instalments.bounce_count > 0 as is_rejected
    from instalments
    left join drawn on instalments.instalment_id = drawn.instalment_id
    left join disputed_instalments on instalments.instalment_id = disputed_instalments.instalment_id
    where
        disputed_instalments.instalment_id is null
        and (instalments.paid_on is not null or instalments.days_late > 0)

)

select
    company_id,
    customer_id,
    instalment_id,
    due_date,
    coalesce(paid_on, {{ as_of_date() }}) as observed_on,
    cast(
        case
            when paid_on is null then days_late
            when is_drawn and not is_rejected then 0
            else days_paid_late
        end as bigint
    ) as days_late,
    paid_on is null as is_open,
    is_drawn,
    is_rejected,
    company_amount_to_pay
from judged

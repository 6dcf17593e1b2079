-- One row per instalment issued by the run's as-of date, with what was open and paid on that date.
with

instalments as (

    select * from {{ ref('int_instalments') }} where issued_on <= {{ as_of_date() }}

),

documents as (

    select document_id, document_type from {{ ref('int_documents') }}

),

balances as (

    select
        instalment_id,
        max(case when position_type = 'instalment' then account_role end) as account_role,
        sum(case when position_type = 'instalment' then open_amount else 0 end) as open_amount,
        sum(case when position_type = 'instalment' then company_open_amount else 0 end) as company_open_amount,
        sum(case when position_type = 'bill' then open_amount else 0 end) as bills_amount
    from {{ ref('int_receivable_intervals') }}
    where
        instalment_id is not null
        and {{ holds_on('valid_from', 'valid_to', as_of_date()) }}
    group by 1

),

-- The day after the last one with anything open.
settlements as (

    select instalment_id, {{ add_days('max(valid_to)', 1) }} as settled_on
    from {{ ref('int_receivable_intervals') }}
    where position_type = 'instalment'
    group by 1

),

money as (

    select
        instalment_id,
        sum(case when is_money then amount - reversed_amount else 0 end) as money_amount,
        case
            when sum(case when is_money and reversed_amount < amount and paid_on is null then 1 else 0 end) = 0
                then max(paid_on)
        end as paid_on
    from {{ ref('fct_payment_allocations') }}
    group by 1

),

bounces as (

    select instalment_id, count(*) as bounce_count, max(rejected_on) as last_bounced_on
    from {{ ref('int_reopenings') }}
    group by 1

),

states as (

    select
        instalments.*,
        coalesce(documents.document_type, 'opening_balance') as item_type,
        balances.account_role,
        coalesce(balances.open_amount, 0) as open_amount,
        coalesce(balances.company_open_amount, 0) as company_open_amount,
        coalesce(balances.bills_amount, 0) as bills_amount,
        -- What is open in company currency alone has nothing open in its own.
        coalesce(balances.open_amount, 0) <> 0 or coalesce(balances.company_open_amount, 0) <> 0 as is_open,
        coalesce(money.money_amount, 0) as money_amount,
        case when instalments.amount_to_pay < 0 then -1 else 1 end as direction,
        -- What was settled on the day it was issued was never open at a day's end.
        coalesce(settlements.settled_on, instalments.issued_on) as closed_on,
        money.paid_on as money_on,
        coalesce(bounces.bounce_count, 0) as bounce_count,
        bounces.last_bounced_on
    from instalments
    left join documents on instalments.document_id = documents.document_id
    left join balances on instalments.instalment_id = balances.instalment_id
    left join settlements on instalments.instalment_id = settlements.instalment_id
    left join money on instalments.instalment_id = money.instalment_id
    left join bounces on instalments.instalment_id = bounces.instalment_id

)

select
    states.source_id,
    states.source_system,
    states.instalment_id,
    {{ resolved('document', 'states.document_id') }} as document_id,
    {{ resolved('company', 'states.company_id') }} as company_id,
    {{ resolved('customer', 'states.customer_id') }} as customer_id,
    states.item_type,
    states.instalment_number,
    states.issued_on,
    states.due_date,
    states.currency_code,
    states.amount_incl_tax,
    states.amount_to_pay,
    states.company_amount_to_pay,
    states.payment_method,
    states.account_code,
    states.account_role as open_account_role,
    states.factored_on,
    states.factor_recourse,
    {{ money('states.open_amount') }} as open_amount,
    {{ money('states.company_open_amount') }} as company_open_amount,
    {{ money('states.bills_amount') }} as bills_amount,
    {{ money('states.direction * states.money_amount') }} as money_amount,
    {{ money('states.amount_to_pay - states.open_amount - states.direction * states.money_amount') }} as other_settled_amount,
    states.is_open,
    case when not states.is_open then states.closed_on end as settled_on,
    case when not states.is_open then states.money_on end as paid_on,
    cast(states.bounce_count as bigint) as bounce_count,
    states.last_bounced_on,
    {{ days_late('states.due_date', as_of_date(), 'states.open_amount') }} as days_late,
    {{ days_between('states.due_date', 'case when not states.is_open then states.money_on end') }} as days_paid_late
from states

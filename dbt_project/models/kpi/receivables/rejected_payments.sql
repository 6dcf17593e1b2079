-- One row per payment that bounced by the run's as-of date: why, what it reopened and what became of that.
with

rejections as (

    select * from {{ ref('fct_payment_rejections') }}

),

payments as (

    select * from {{ ref('fct_payments') }}

),

reopenings as (

    select * from {{ ref('int_reopenings') }}

),

instalments as (

    select * from {{ ref('fct_instalments') }}

),

companies as (

    select company_id, currency_code from {{ ref('dim_company') }}

),

-- Money that came for the instalment from the bounce on, and stayed.
money_since as (

    select
        reopenings.payment_rejection_id,
        reopenings.instalment_id,
        sum(allocations.company_kept_amount) as amount
    from reopenings
    inner join {{ ref('fct_payment_allocations') }} as allocations
        on reopenings.instalment_id = allocations.instalment_id and reopenings.rejected_on <= allocations.effective_date
    where allocations.is_money
    group by 1, 2

),

reopened as (

    select
        reopenings.payment_rejection_id,
        count(*) as instalment_count,
        count(distinct instalments.document_id) as document_count,
        min(instalments.due_date) as first_due_date,
        sum(reopenings.company_amount) as amount,
        sum(least(reopenings.company_amount, coalesce(money_since.amount, 0))) as repaid_amount,
        sum(least(reopenings.company_amount, greatest(instalments.company_open_amount, 0))) as open_amount,
        sum(case when instalments.is_open then 1 else 0 end) as open_count,
        max(instalments.settled_on) as settled_on
    from reopenings
    inner join instalments on reopenings.instalment_id = instalments.instalment_id
    left join money_since
        on
            reopenings.payment_rejection_id = money_since.payment_rejection_id
            and reopenings.instalment_id = money_since.instalment_id
    group by 1

),

bounces as (

    select
        rejections.*,
        payments.customer_id,
        payments.payment_number,
        payments.payment_method,
        payments.payment_date,
        payments.maturity_date,
        payments.currency_code,
        row_number() over (
            partition by rejections.company_id, payments.customer_id
            order by rejections.rejected_on, rejections.payment_rejection_id
        ) as rejection_number
    from rejections
    inner join payments on rejections.payment_id = payments.payment_id

),

recent_bounces as (

    select
        bounces.payment_rejection_id,
        count(*) as rejection_count
    from bounces
    inner join bounces as earlier
        on
            bounces.company_id = earlier.company_id
            and bounces.customer_id = earlier.customer_id
            and bounces.rejection_number >= earlier.rejection_number
            and {{ add_days('bounces.rejected_on', '-365') }} < earlier.rejected_on
    group by 1

)

select
    bounces.company_id,
    bounces.payment_rejection_id,
    bounces.rejected_on,
    bounces.customer_id,
    bounces.payment_id,
    bounces.payment_number,
    bounces.payment_method,
    bounces.payment_date,
    bounces.maturity_date,
    coalesce(bounces.reason, 'unknown') as reason,
    bounces.currency_code as payment_currency_code,
    bounces.amount,
    companies.currency_code,
    bounces.company_amount,
    bounces.fee_amount as company_fee_amount,
    cast(coalesce(reopened.instalment_count, 0) as bigint) as reopened_instalment_count,
    cast(coalesce(reopened.document_count, 0) as bigint) as reopened_document_count,
    reopened.first_due_date,
    {{ money('coalesce(reopened.amount, 0)') }} as company_reopened_amount,
    {{ money('bounces.company_amount - coalesce(reopened.amount, 0)') }} as company_unmatched_amount,
    {{ money('coalesce(reopened.repaid_amount, 0)') }} as company_repaid_amount,
    {{ money('coalesce(reopened.open_amount, 0)') }} as company_still_open_amount,
    case when reopened.open_count = 0 then greatest(reopened.settled_on, bounces.rejected_on) end as settled_on,
    case
        when reopened.open_count = 0
            then {{ days_between('bounces.rejected_on', 'greatest(reopened.settled_on, bounces.rejected_on)') }}
    end as days_to_settle,
    cast(bounces.rejection_number as bigint) as customer_rejection_number,
    cast(recent_bounces.rejection_count as bigint) as customer_rejection_count_12_months
from bounces
inner join companies on bounces.company_id = companies.company_id
inner join recent_bounces on bounces.payment_rejection_id = recent_bounces.payment_rejection_id
left join reopened on bounces.payment_rejection_id = reopened.payment_rejection_id

-- One row per payment received or refunded by the run's as-of date, with what of it was matched on that date.
with

payments as (

    select * from {{ ref('int_payments') }} where payment_date <= {{ as_of_date() }}

),

unapplied as (

    select payment_id, sum(open_amount) as open_amount, sum(company_open_amount) as company_open_amount
    from {{ ref('int_receivable_intervals') }}
    where
        position_type = 'payment'
        and {{ holds_on('valid_from', 'valid_to', as_of_date()) }}
    group by 1

),

bills as (

    select payment_id, max(account_role) as account_role, sum(open_amount) as open_amount
    from {{ ref('int_receivable_intervals') }}
    where
        position_type = 'bill'
        and {{ holds_on('valid_from', 'valid_to', as_of_date()) }}
    group by 1

),

rejections as (

    select payment_id, sum(amount) as amount, max(rejected_on) as rejected_on
    from {{ ref('int_payment_rejections') }}
    where rejected_on <= {{ as_of_date() }}
    group by 1

)

select
    payments.source_id,
    payments.source_system,
    payments.payment_id,
    {{ resolved('company', 'payments.company_id') }} as company_id,
    coalesce({{ resolved('customer', 'payments.customer_id') }}, 'unknown') as customer_id,
    payments.payment_number,
    payments.payment_method,
    payments.payment_date,
    payments.issued_on,
    payments.maturity_date,
    {%- for step in ['remitted_on', 'discounted_on', 'cleared_on'] %}
    case when payments.{{ step }} <= {{ as_of_date() }} then payments.{{ step }} end as {{ step }},
    {%- endfor %}
    payments.value_date,
    payments.currency_code,
    payments.amount,
    payments.company_amount,
    payments.written_off_amount,
    payments.company_written_off_amount,
    payments.is_deposit,
    payments.account_code,
    {{ money('-coalesce(unapplied.open_amount, 0)') }} as unapplied_amount,
    {{ money('-coalesce(unapplied.company_open_amount, 0)') }} as company_unapplied_amount,
    bills.account_role as bill_account_role,
    {{ money('coalesce(bills.open_amount, 0)') }} as bill_amount,
    {{ money('coalesce(rejections.amount, 0)') }} as rejected_amount,
    rejections.rejected_on
from payments
left join unapplied on payments.payment_id = unapplied.payment_id
left join bills on payments.payment_id = bills.payment_id
left join rejections on payments.payment_id = rejections.payment_id

-- One row per company: up to which day its bank is booked, so that whoever reads of unpaid items knows
-- since when a payment could be missing.
with

companies as (

    select company_id, name from {{ ref('dim_company') }}

),

ledger as (

    select company_id, max(entry_date) as last_entry_on
    from {{ ref('fct_ledger_entries') }}
    where account_role = 'bank'
    group by 1

),

-- A bill is booked when it is taken in hand, which no bank has seen yet.
payments as (

    select payments.company_id, max(payments.payment_date) as last_payment_on
    from {{ ref('fct_payments') }} as payments
    inner join {{ ref('payment_methods') }} as methods on payments.payment_method = methods.payment_method
    where not methods.is_bill
    group by 1

)

select
    companies.company_id,
    companies.name,
    coalesce(ledger.last_entry_on, payments.last_payment_on) as last_bank_entry_on,
    case
        when ledger.last_entry_on is not null then 'ledger'
        when payments.last_payment_on is not null then 'payments'
        else 'none'
    end as bank_entry_basis
from companies
left join ledger on companies.company_id = ledger.company_id
left join payments on companies.company_id = payments.company_id
where companies.company_id <> 'unknown'

-- One row per payment received from or paid back to a customer: what it took off the customer's
-- account, and how much of that was money and how much a discount or other write-off.
{{ config(materialized='table') }}

with

receivable_lines as (
    select * from {{ ref('stg_odoo__receivable_lines') }}
),

payments as (
    select * from {{ raw('odoo', 'account_payment') }}
),

-- Discounts, fees and small differences that the payment's own entry books.
written_off as (
    select
        entry_lines.source_id,
        entry_lines.move_id,
        sum(entry_lines.amount_currency) as amount,
        sum(entry_lines.balance) as company_amount
    from {{ raw('odoo', 'account_move_line') }} as entry_lines
    inner join {{ raw('odoo', 'account_account') }} as accounts
        on entry_lines.source_id = accounts.source_id and entry_lines.account_id = accounts.id
    inner join (select distinct
        source_id,
        move_id
    from payments) as paying_moves
        on entry_lines.source_id = paying_moves.source_id and entry_lines.move_id = paying_moves.move_id
    where accounts.account_type like 'expense%' or accounts.account_type like 'income%'
    group by entry_lines.source_id, entry_lines.move_id
),

payment_lines as (
    select
        *,
        case
            when payment_id is not null then {{ key('source_id', 'account.payment', 'payment_id') }}
            else {{ key('source_id', 'account.move.line', 'line_id') }}
        end as payment_key
    from receivable_lines
    where part = 'payment'
),

taken_off as (
    select
        source_id,
        payment_key,
        min(payment_id) as payment_id,
        min(move_id) as move_id,
        min(move_name) as move_name,
        min(date) as payment_date,
        min(company_id) as company_id,
        min(partner_id) as partner_id,
        min(currency_code) as currency_code,
        min(account_code) as account_code,
        -sum(amount_currency) as cleared_amount,
        -sum(balance) as company_cleared_amount
    from payment_lines
    group by source_id, payment_key
),

bills as (
    select
        source_id,
        payment_id,
        max(date_maturity) as maturity_date,
        min(line_id) as line_id,
        sum(amount_residual) as amount_residual
    from receivable_lines
    where part = 'bill_drawn'
    group by source_id, payment_id
),

bill_matches as (
    select
        source_id,
        debit_move_id as line_id,
        max(max_date) as cleared_on
    from {{ raw('odoo', 'account_partial_reconcile') }}
    group by source_id, debit_move_id
)

select
    taken_off.source_id,
    taken_off.payment_key,
    taken_off.payment_id,
    taken_off.move_id,
    taken_off.move_name,
    taken_off.payment_date,
    taken_off.company_id,
    coalesce(taken_off.partner_id, payments.partner_id) as partner_id,
    payments.payment_method_line_id,
    taken_off.currency_code,
    taken_off.account_code,
    taken_off.cleared_amount,
    taken_off.company_cleared_amount,
    coalesce(written_off.amount, 0) as written_off_amount,
    coalesce(written_off.company_amount, 0) as company_written_off_amount,
    bills.line_id is not null as is_bill,
    bills.maturity_date,
    case when bills.amount_residual = 0 then bill_matches.cleared_on end as cleared_on
from taken_off
left join payments
    on taken_off.source_id = payments.source_id and taken_off.payment_id = payments.id
left join written_off
    on
        taken_off.source_id = written_off.source_id
        and taken_off.move_id = written_off.move_id
        and taken_off.payment_id is not null
left join bills
    on taken_off.source_id = bills.source_id and taken_off.payment_id = bills.payment_id
left join bill_matches
    on bills.source_id = bill_matches.source_id and bills.line_id = bill_matches.line_id

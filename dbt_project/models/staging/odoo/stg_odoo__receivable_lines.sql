-- One row per posted line on a customer account, with the part it plays: an instalment of an issued
-- invoice, a payment, a bill drawn or cashed, a bounce, an exchange difference, or anything else.
{{ config(materialized='table') }}

with

receivable_accounts as (
    select * from {{ raw('odoo', 'account_account') }}
    where account_type = 'asset_receivable'
),

moves as (
    select * from {{ raw('odoo', 'account_move') }}
    where state = 'posted'
),

journals as (
    select * from {{ raw('odoo', 'account_journal') }}
),

invoices as (
    select
        source_id,
        id,
        document_type,
        is_issued
    from {{ ref('stg_odoo__invoices') }}
),

payments as (
    select
        source_id,
        move_id,
        min(id) as payment_id,
        min(case payment_type when 'outbound' then -1 else 1 end) as direction
    from {{ raw('odoo', 'account_payment') }}
    where move_id is not null
    group by source_id, move_id
),

bounces as (
    select distinct
        source_id,
        move_id
    from {{ raw('odoo', 'payment_return') }}
    where move_id is not null
),

exchange_entries as (
    select distinct
        source_id,
        exchange_move_id as move_id
    from {{ raw('odoo', 'account_partial_reconcile') }}
    where exchange_move_id is not null
),

partners as (
    select * from {{ raw('odoo', 'res_partner') }}
),

currencies as (
    select * from {{ raw('odoo', 'res_currency') }}
),

receivable_lines as (
    select
        entry_lines.source_id,
        entry_lines.id as line_id,
        entry_lines.move_id,
        moves.name as move_name,
        moves.move_type,
        moves.date,
        entry_lines.date_maturity,
        entry_lines.account_id,
        receivable_accounts.code as account_code,
        coalesce(partners.commercial_partner_id, entry_lines.partner_id, moves.commercial_partner_id)
            as partner_id,
        moves.company_id,
        currencies.name as currency_code,
        entry_lines.amount_currency,
        entry_lines.balance,
        entry_lines.amount_residual,
        journals.type as journal_type,
        invoices.id as invoice_id,
        invoices.document_type,
        invoices.is_issued,
        payments.payment_id,
        payments.direction,
        bounces.move_id is not null as is_bounce,
        exchange_entries.move_id is not null as is_exchange_difference
    from {{ raw('odoo', 'account_move_line') }} as entry_lines
    inner join receivable_accounts
        on
            entry_lines.source_id = receivable_accounts.source_id
            and entry_lines.account_id = receivable_accounts.id
    inner join moves
        on entry_lines.source_id = moves.source_id and entry_lines.move_id = moves.id
    left join journals
        on moves.source_id = journals.source_id and moves.journal_id = journals.id
    left join invoices
        on moves.source_id = invoices.source_id and moves.id = invoices.id
    left join payments
        on moves.source_id = payments.source_id and moves.id = payments.move_id
    left join bounces
        on moves.source_id = bounces.source_id and moves.id = bounces.move_id
    left join exchange_entries
        on moves.source_id = exchange_entries.source_id and moves.id = exchange_entries.move_id
    left join partners
        on entry_lines.source_id = partners.source_id and entry_lines.partner_id = partners.id
    left join currencies
        on entry_lines.source_id = currencies.source_id and entry_lines.currency_id = currencies.id
),

-- A receipt that debits a customer account did not bring money but a bill.
bill_accounts as (
    select distinct
        source_id,
        account_id
    from receivable_lines
    where payment_id is not null and direction = 1 and balance > 0
)

select
    receivable_lines.*,
    case
        when receivable_lines.invoice_id is not null and receivable_lines.is_issued then 'instalment'
        when receivable_lines.invoice_id is not null then 'not_issued'
        when
            bill_accounts.account_id is not null and receivable_lines.payment_id is not null
            then 'bill_drawn'
        when bill_accounts.account_id is not null then 'bill_moved'
        when receivable_lines.is_bounce then 'bounce'
        when receivable_lines.is_exchange_difference then 'exchange_difference'
        -- Money that the bank statement brought straight to the customer's account is a payment too.
        when
            receivable_lines.payment_id is not null or receivable_lines.journal_type in ('bank', 'cash')
            then 'payment'
        else 'other'
    end as part
from receivable_lines
left join bill_accounts
    on
        receivable_lines.source_id = bill_accounts.source_id
        and receivable_lines.account_id = bill_accounts.account_id

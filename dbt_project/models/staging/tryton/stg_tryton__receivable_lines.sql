-- One row per posted line on a customer account, with the part it plays: an instalment of an invoice,
-- a payment, a payment taken back, a write-off, an exchange difference, or anything else.
{{ config(materialized='table') }}

with

entry_lines as (
    select * from {{ raw('tryton', 'account_move_line') }}
),

accounts as (
    select
        accounts.source_id,
        accounts.id,
        accounts.code
    from {{ raw('tryton', 'account_account') }} as accounts
    inner join {{ raw('tryton', 'account_account_type') }} as types
        on accounts.source_id = types.source_id and accounts.type = types.id
    where types.receivable
),

moves as (
    select * from {{ raw('tryton', 'account_move') }}
    where state = 'posted'
),

journals as (
    select * from {{ raw('tryton', 'account_journal') }}
),

companies as (
    select * from {{ raw('tryton', 'company_company') }}
),

currencies as (
    select * from {{ raw('tryton', 'currency_currency') }}
),

invoices as (
    select * from {{ raw('tryton', 'account_invoice') }}
),

-- What Tryton says a line pays, whether it was matched yet or not.
pays as (
    select
        source_id,
        line,
        min(invoice) as invoice_id
    from {{ raw('tryton', 'account_invoice_payment_line') }}
    group by source_id, line
),

booked as (
    select
        entry_lines.source_id,
        entry_lines.id as line_id,
        entry_lines.move as move_id,
        moves.number as move_number,
        moves.origin as move_origin,
        moves.date,
        entry_lines.maturity_date,
        moves.company,
        entry_lines.party,
        accounts.code as account_code,
        journals.id as journal_id,
        journals.name as journal_name,
        journals.type as journal_type,
        entry_lines.debit - entry_lines.credit as company_amount,
        case
            when entry_lines.second_currency is null then entry_lines.debit - entry_lines.credit
            else coalesce(entry_lines.amount_second_currency, 0)
        end as amount,
        coalesce(second_currencies.code, currencies.code) as currency_code,
        entry_lines.second_currency is not null and coalesce(entry_lines.amount_second_currency, 0) = 0 as is_exchange_difference,
        entry_lines.reconciliation,
        max(moves.date) over (partition by entry_lines.source_id, entry_lines.reconciliation) as reconciled_on,
        invoices.id as invoice_id,
        cancelled_invoices.id as cancelled_invoice_id,
        pays.invoice_id as paid_invoice_id,
        {{ tryton_id('moves.origin', 'account.move') }} as reversed_move_id,
        {{ tryton_id('moves.origin', 'account.payment') }} as payment_id
    from entry_lines
    inner join accounts
        on entry_lines.source_id = accounts.source_id and entry_lines.account = accounts.id
    inner join moves
        on entry_lines.source_id = moves.source_id and entry_lines.move = moves.id
    left join journals
        on moves.source_id = journals.source_id and moves.journal = journals.id
    left join companies
        on moves.source_id = companies.source_id and moves.company = companies.id
    left join currencies
        on companies.source_id = currencies.source_id and companies.currency = currencies.id
    left join currencies as second_currencies
        on entry_lines.source_id = second_currencies.source_id and entry_lines.second_currency = second_currencies.id
    left join invoices
        on moves.source_id = invoices.source_id and moves.id = invoices.move
    left join invoices as cancelled_invoices
        on moves.source_id = cancelled_invoices.source_id and moves.id = cancelled_invoices.cancel_move
    left join pays
        on entry_lines.source_id = pays.source_id and entry_lines.id = pays.line
),

typed as (
    select
        *,
        case
            when invoice_id is not null then 'instalment'
            when cancelled_invoice_id is not null then 'other'
            when reversed_move_id is not null then 'bounce'
            when is_exchange_difference and reconciliation is not null then 'exchange_difference'
            -- A loss written off makes an instalment smaller once it is matched with one.
            when journal_type = 'write-off' and reconciliation is not null and company_amount < 0 then 'write_off'
            when
                payment_id is not null or paid_invoice_id is not null or journal_type in ('cash', 'statement')
                then 'payment'
            else 'other'
        end as stated_part
    from booked
),

paying_entries as (
    select
        source_id,
        move_id,
        min(line_id) as line_id
    from typed
    where stated_part = 'payment'
    group by source_id, move_id
)

select
    typed.*,
    -- Only what takes back a payment is a bounce; other reversals stand for themselves.
    case when typed.stated_part = 'bounce' and paying_entries.line_id is null then 'other' else typed.stated_part end as part,
    case when typed.stated_part = 'bounce' then paying_entries.line_id end as reversed_line_id
from typed
left join paying_entries
    on typed.source_id = paying_entries.source_id and typed.reversed_move_id = paying_entries.move_id

-- One row per instalment of an issued invoice or credit note, and per entry that makes a customer owe
-- more or less without an invoice, such as an opening balance.
with

receivable_lines as (
    select * from {{ ref('stg_odoo__receivable_lines') }}
    where part in ('instalment', 'other')
),

invoices as (
    select * from {{ ref('stg_odoo__invoices') }}
),

matches as (
    select * from {{ raw('odoo', 'account_partial_reconcile') }}
),

-- An entry that moves what a customer owes to another account, such as the doubtful one, takes its due date along.
moved as (
    select
        credits.source_id,
        credits.move_id,
        credits.partner_id,
        min(coalesce(debits.date_maturity, debits.date)) as due_date
    from matches
    inner join receivable_lines as debits
        on matches.source_id = debits.source_id and matches.debit_move_id = debits.line_id
    inner join receivable_lines as credits
        on matches.source_id = credits.source_id and matches.credit_move_id = credits.line_id
    where debits.part = 'instalment' and credits.part = 'other'
    group by credits.source_id, credits.move_id, credits.partner_id
),

totals as (
    select
        source_id,
        move_id,
        sum(amount_currency) as amount
    from receivable_lines
    group by source_id, move_id
),

numbered as (
    select
        receivable_lines.*,
        invoices.withheld_amount,
        invoices.direction as document_direction,
        totals.amount as document_amount,
        case when receivable_lines.amount_currency > 0 then moved.due_date end as moved_due_date,
        row_number() over (
            partition by receivable_lines.source_id, receivable_lines.move_id
            order by coalesce(receivable_lines.date_maturity, receivable_lines.date), receivable_lines.line_id
        ) as instalment_number
    from receivable_lines
    inner join totals
        on receivable_lines.source_id = totals.source_id and receivable_lines.move_id = totals.move_id
    left join invoices
        on receivable_lines.source_id = invoices.source_id and receivable_lines.invoice_id = invoices.id
    left join moved
        on
            receivable_lines.source_id = moved.source_id
            and receivable_lines.move_id = moved.move_id
            and receivable_lines.partner_id = moved.partner_id
),

final as (
    select
        source_id,
        'odoo' as source_system,
        {{ key('source_id', 'account.move.line', 'line_id') }} as instalment_id,
        {{ key('source_id', 'account.move', 'invoice_id') }} as document_id,
        {{ key('source_id', 'res.company', 'company_id') }} as company_id,
        coalesce(
            {{ key('source_id', 'res.partner', 'partner_id') }}, source_id || '/res.partner/unknown'
        ) as customer_id,
        instalment_number,
        date as issued_on,
        coalesce(moved_due_date, date_maturity, date) as due_date,
        currency_code,
        -- Tax that the customer keeps belongs to the document's total, not to what is to be paid.
        amount_currency + coalesce(
            {{ money(
                'document_direction * withheld_amount * ' ~ ratio('amount_currency',
                'document_amount')
            ) }},
            0
        ) as amount_incl_tax,
        amount_currency as amount_to_pay,
        balance as company_amount_to_pay,
        account_code
    from numbered
)

{{ conform('instalments', lacks=['payment_method', 'factored_on', 'factor_recourse']) }}

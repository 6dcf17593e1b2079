-- One row per instalment of an invoice or credit note, and per entry that makes a customer owe more or less without one.
with

receivable_lines as (
    select
        *,
        coalesce(invoice_id, cancelled_invoice_id) as document
    from {{ ref('stg_tryton__receivable_lines') }}
    where part in ('instalment', 'other')
),

final as (
    select
        source_id,
        'tryton' as source_system,
        {{ key('source_id', 'account.move.line', 'line_id') }} as instalment_id,
        {{ key('source_id', 'account.invoice', 'document') }} as document_id,
        {{ key('source_id', 'company.company', 'company') }} as company_id,
        coalesce({{ key('source_id', 'party.party', 'party') }}, source_id || '/party.party/unknown') as customer_id,
        row_number() over (
            partition by source_id, coalesce(document, -move_id) order by coalesce(maturity_date, date), line_id
        ) as instalment_number,
        date as issued_on,
        coalesce(maturity_date, date) as due_date,
        currency_code,
        amount as amount_incl_tax,
        amount as amount_to_pay,
        company_amount as company_amount_to_pay,
        account_code
    from receivable_lines
)

{{ conform('instalments', lacks=['payment_method', 'factored_on', 'factor_recourse']) }}

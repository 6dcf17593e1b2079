-- One row per payment received from a customer, or paid back.
with

payments as (
    select * from {{ ref('stg_tryton__receivable_lines') }}
    where part = 'payment'
),

invoices as (
    select
        source_id,
        id,
        document_type
    from {{ ref('stg_tryton__invoices') }}
),

handed_in as (
    select
        payments.source_id,
        payments.id,
        journals.process_method
    from {{ raw('tryton', 'account_payment') }} as payments
    inner join {{ raw('tryton', 'account_payment_journal') }} as journals
        on payments.source_id = journals.source_id and payments.journal = journals.id
),

methods as (
    select
        source_id,
        journal,
        min(name) as name
    from {{ raw('tryton', 'account_invoice_payment_method') }}
    group by source_id, journal
    having count(distinct name) = 1
),

method_map as (
    select * from {{ ref('payment_method_map') }}
    where system = 'tryton'
),

final as (
    select
        payments.source_id,
        'tryton' as source_system,
        {{ key('payments.source_id', 'account.move.line', 'payments.line_id') }} as payment_id,
        {{ key('payments.source_id', 'company.company', 'payments.company') }} as company_id,
        {{ key('payments.source_id', 'party.party', 'payments.party') }} as customer_id,
        payments.move_number as payment_number,
        -- The way it was handed to the bank, else what the house calls payments through the journal.
        coalesce(by_process.payment_method, by_name.payment_method, by_journal.payment_method, 'unknown') as payment_method,
        payments.date as payment_date,
        payments.currency_code,
        -payments.amount as amount,
        -payments.company_amount as company_amount,
        coalesce(invoices.document_type = 'deposit_invoice', false) as is_deposit,
        payments.account_code
    from payments
    left join invoices
        on payments.source_id = invoices.source_id and payments.paid_invoice_id = invoices.id
    left join handed_in
        on payments.source_id = handed_in.source_id and payments.payment_id = handed_in.id
    left join methods
        on payments.source_id = methods.source_id and payments.journal_id = methods.journal
    left join method_map as by_process on lower(trim(handed_in.process_method)) = by_process.source_method
    left join method_map as by_name on lower(trim(methods.name)) = by_name.source_method
    left join method_map as by_journal on lower(trim(payments.journal_name)) = by_journal.source_method
)

{{ conform('payments', lacks=[
    'issued_on', 'maturity_date', 'remitted_on', 'discounted_on', 'cleared_on', 'value_date', 'written_off_amount',
    'company_written_off_amount',
]) }}

-- One row per issued invoice, deposit invoice and credit note, which Dolibarr gives one due date each.
with

invoices as (
    select * from {{ ref('stg_dolibarr__invoices') }}
    where is_owed
),

payment_modes as (
    select * from {{ raw('dolibarr', 'llx_c_paiement') }}
),

method_map as (
    select * from {{ ref('payment_method_map') }}
    where system = 'dolibarr'
),

final as (
    select
        invoices.source_id,
        'dolibarr' as source_system,
        {{ key('invoices.source_id', 'facture', 'invoices.invoice') }} || '/1' as instalment_id,
        invoices.document_id,
        invoices.company_id,
        {{ key('invoices.source_id', 'societe', 'invoices.third_party') }} as customer_id,
        1 as instalment_number,
        invoices.invoice_date as issued_on,
        invoices.due_date,
        invoices.currency_code,
        invoices.direction * invoices.amount_incl_tax as amount_incl_tax,
        invoices.direction * invoices.amount_incl_tax as amount_to_pay,
        invoices.direction * invoices.company_amount_incl_tax as company_amount_to_pay,
        method_map.payment_method
    from invoices
    left join payment_modes
        on invoices.source_id = payment_modes.source_id and invoices.payment_mode = payment_modes.id
    left join method_map on lower(trim(payment_modes.code)) = method_map.source_method
)

{{ conform('instalments', lacks=['account_code', 'factored_on', 'factor_recourse']) }}

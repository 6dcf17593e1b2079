-- One row per promise to pay.
with

sheet as (
    select * from {{ raw('sheets', 'payment_promises') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ key('sheet.source_id', 'payment.promise', 'sheet.reference') }} as payment_promise_id,
        {{ reference('company', 'sheet.company') }} as company_id,
        {{ reference('customer', 'sheet.customer_number') }} as customer_id,
        'ref/instalment/'
        || nullif(trim(sheet.invoice_number), '')
        || '/'
        || cast(coalesce(sheet.instalment_number, 1) as {{ dbt.type_string() }}) as instalment_id,
        sheet.promised_date,
        sheet.amount,
        sheet.made_on
    from sheet
)

{{ conform('payment_promises') }}

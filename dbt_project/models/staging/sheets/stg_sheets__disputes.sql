-- One row per disputed amount.
with

sheet as (
    select * from {{ raw('sheets', 'disputes') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ key('sheet.source_id', 'dispute', 'sheet.reference') }} as dispute_id,
        {{ reference('company', 'sheet.company') }} as company_id,
        {{ reference('customer', 'sheet.customer_number') }} as customer_id,
        {{ reference('document', 'sheet.invoice_number') }} as document_id,
        sheet.amount,
        coalesce(nullif(lower(trim(sheet.reason)), ''), 'other') as reason,
        sheet.opened_on,
        sheet.closed_on
    from sheet
)

{{ conform('disputes', lacks=['instalment_id', 'claim_id']) }}

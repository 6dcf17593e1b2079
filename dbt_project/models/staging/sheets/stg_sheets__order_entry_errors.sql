-- One row per error that the team noted in an entered order.
with

sheet as (
    select * from {{ raw('sheets', 'order_entry_errors') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ key('sheet.source_id', 'order.entry.error', 'sheet.reference') }} as order_entry_error_id,
        {{ reference('company', 'sheet.company') }} as company_id,
        {{ reference('document', 'sheet.order_number') }} as document_id,
        sheet.order_number as document_reference,
        coalesce(nullif(lower(trim(sheet.error_type)), ''), 'other') as error_type,
        coalesce(nullif(lower(trim(sheet.detected_by)), ''), 'agent') as detected_by,
        sheet.detected_at,
        sheet.corrected_at,
        sheet.cost_amount,
        coalesce(nullif(lower(trim(sheet.certainty)), ''), 'confirmed') as certainty
    from sheet
)

{{ conform('order_entry_errors', lacks=['document_line_id']) }}

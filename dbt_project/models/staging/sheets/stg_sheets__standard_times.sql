-- One row per task, channel and first day of validity.
with

sheet as (
    select * from {{ raw('sheets', 'standard_times') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        sheet.task,
        nullif(trim(sheet.document_type), '') as document_type,
        nullif(trim(sheet.event_type), '') as event_type,
        nullif(trim(sheet.channel), '') as channel,
        sheet.minutes,
        sheet.valid_from,
        sheet.valid_to
    from sheet
)

{{ conform('standard_times') }}

-- One row per employee, day and reason of absence.
with

sheet as (
    select * from {{ raw('sheets', 'absences') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ reference('company', 'sheet.company') }} as company_id,
        {{ reference('employee', 'sheet.agent_login') }} as employee_id,
        sheet.absence_date,
        sheet.hours,
        coalesce(nullif(lower(trim(sheet.reason)), ''), 'other') as reason
    from sheet
)

{{ conform('absences') }}

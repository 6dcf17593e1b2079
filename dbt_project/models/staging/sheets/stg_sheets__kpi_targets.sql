-- One row per KPI, company, team and first day of validity.
with

sheet as (
    select * from {{ raw('sheets', 'kpi_targets') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        sheet.kpi,
        {{ reference('company', 'sheet.company') }} as company_id,
        nullif(trim(sheet.team), '') as team,
        sheet.target_value,
        sheet.valid_from,
        sheet.valid_to
    from sheet
)

{{ conform('kpi_targets') }}

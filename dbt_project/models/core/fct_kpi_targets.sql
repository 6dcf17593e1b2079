-- One row per source, KPI, company, team and first day of a target.
with

kpi_targets as (

    select * from {{ ref('int_kpi_targets') }}

)

select
    kpi_targets.source_id,
    kpi_targets.source_system,
    kpi_targets.kpi,
    {{ resolved('company', 'kpi_targets.company_id') }} as company_id,
    kpi_targets.team,
    kpi_targets.target_value,
    kpi_targets.valid_from,
    kpi_targets.valid_to
from kpi_targets

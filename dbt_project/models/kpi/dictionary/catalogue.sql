-- One row per KPI and company: what it means, how it is computed, and the target that holds on the as-of date.
with catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

companies as (
    select company_id
    from {{ ref('dim_company') }}
),

-- A company's own target before one for all; the team's targets are for the marts that know teams.
targets as (
    select
        kpi,
        company_id,
        target_value,
        valid_from
    from {{ ref('fct_kpi_targets') }}
    where
        team is null
        and {{ holds_on('valid_from', 'valid_to', as_of_date()) }}
),

ranked_targets as (
    select
        companies.company_id,
        targets.kpi,
        targets.target_value,
        row_number() over (
            partition by companies.company_id, targets.kpi
            order by case when targets.company_id is null then 1 else 0 end, targets.valid_from desc
        ) as preference
    from companies
    inner join targets on companies.company_id = targets.company_id or targets.company_id is null
)

select
    catalogue.kpi,
    companies.company_id,
    catalogue.theme,
    catalogue.mart,
    catalogue.label_en,
    catalogue.label_fr,
    catalogue.label_it,
    catalogue.definition_en,
    catalogue.definition_fr,
    catalogue.definition_it,
    catalogue.formula,
    catalogue.unit,
    catalogue.better,
    {{ money('ranked_targets.target_value') }} as target_value
from catalogue
cross join companies
left join ranked_targets
    on
        companies.company_id = ranked_targets.company_id
        and catalogue.kpi = ranked_targets.kpi
        and ranked_targets.preference = 1

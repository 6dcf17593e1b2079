-- One row per company that appears in the data; `unknown` stands for none.
with companies as (
    select * from {{ ref('int_companies') }}
),

inferred as (
    select distinct {{ resolved('company', 'mention.id') }} as company_id
    from {{ ref('int_mentions') }} as mention
    where mention.entity_type = 'company'
    union distinct
    select 'unknown' as company_id
),

members as (
    select
        company_id,
        source_id,
        source_system,
        company_number,
        name,
        country_code,
        currency_code,
        time_zone,
        calendar_code,
        registration_number,
        coalesce(fiscal_year_start_month, 1) as fiscal_year_start_month,
        false as is_inferred
    from companies
    union all
    select
        inferred.company_id,
        'unknown' as source_id,
        'unknown' as source_system,
        cast(null as {{ dbt.type_string() }}) as company_number,
        inferred.company_id as name,
        'unknown' as country_code,
        'unknown' as currency_code,
        'UTC' as time_zone,
        'default' as calendar_code,
        cast(null as {{ dbt.type_string() }}) as registration_number,
        1 as fiscal_year_start_month,
        true as is_inferred
    from inferred
    left join companies on inferred.company_id = companies.company_id
    where companies.company_id is null
)

select
    company_id,
    source_id,
    source_system,
    company_number,
    name,
    country_code,
    currency_code,
    time_zone,
    calendar_code,
    registration_number,
    cast(fiscal_year_start_month as bigint) as fiscal_year_start_month,
    {{ utc_instant('cast(' ~ add_days(as_of_date(), 1) ~ ' as timestamp)', 'time_zone') }} as as_of_ends_at,
    is_inferred
from members

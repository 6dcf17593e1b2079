-- One row per entity that has a name of its own, or a document: a single company, or each of several in one installation.
with

settings as (
    select
        source_id,
        entity,
        {%- for column, name in [
            ('company_name', 'MAIN_INFO_SOCIETE_NOM'), ('country', 'MAIN_INFO_SOCIETE_COUNTRY'), ('currency_code', 'MAIN_MONNAIE'),
            ('siren', 'MAIN_INFO_SIREN'), ('siret', 'MAIN_INFO_SIRET'), ('fiscal_month', 'SOCIETE_FISCAL_MONTH_START'),
        ] %}
        max(case when name = '{{ name }}' then nullif(trim(value), '') end) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ raw('dolibarr', 'llx_const') }}
    group by source_id, entity
),

countries as (
    select source_id, rowid, code from {{ raw('dolibarr', 'llx_c_country') }}
    union all
    select source_id, rowid, code from {{ raw('dolibarr', 'llx_c_pays') }}
),

calendars as (
    select * from {{ ref('country_calendars') }}
),

entities as (
    select source_id, entity from settings
    where company_name is not null
    {%- for table in ['llx_propal', 'llx_commande', 'llx_expedition', 'llx_facture'] %}
    union distinct
    select source_id, entity from {{ raw('dolibarr', table) }}
    {%- endfor %}
),

-- A setting of entity 0 holds for all that have none of their own.
described as (
    select
        entities.source_id,
        entities.entity,
        coalesce(own.company_name, shared.company_name, 'entity ' || cast(entities.entity as {{ dbt.type_string() }})) as company_name,
        coalesce(own.country, shared.country) as country,
        coalesce(own.currency_code, shared.currency_code, 'EUR') as currency_code,
        coalesce(own.siren, substring(replace(own.siret, ' ', ''), 1, 9)) as registration_number,
        coalesce(own.fiscal_month, shared.fiscal_month) as fiscal_month
    from entities
    left join settings as own
        on entities.source_id = own.source_id and entities.entity = own.entity
    left join settings as shared
        on entities.source_id = shared.source_id and shared.entity = 0
    where entities.entity > 0
),

-- The country is written as number, code and name, with colons between, or as its number alone.
located as (
    select
        described.*,
        upper(coalesce(nullif({{ dbt.split_part('described.country', "':'", 2) }}, ''), countries.code, 'ZZ')) as country_code
    from described
    left join countries
        on
            described.source_id = countries.source_id
            and {{ dbt.split_part('described.country', "':'", 1) }} = cast(countries.rowid as {{ dbt.type_string() }})
),

final as (
    select
        located.source_id,
        'dolibarr' as source_system,
        {{ key('located.source_id', 'entity', 'located.entity') }} as company_id,
        cast(located.entity as {{ dbt.type_string() }}) as company_number,
        located.company_name as name,
        located.country_code,
        located.currency_code,
        coalesce(calendars.time_zone, 'UTC') as time_zone,
        coalesce(calendars.calendar_code, located.country_code) as calendar_code,
        replace(located.registration_number, ' ', '') as registration_number,
        coalesce(nullif(cast(located.fiscal_month as bigint), 0), 1) as fiscal_year_start_month
    from located
    left join calendars on located.country_code = calendars.country_code
)

{{ conform('companies') }}

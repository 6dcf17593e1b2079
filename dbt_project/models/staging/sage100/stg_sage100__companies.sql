-- One row per database of Sage, which keeps the books of one company.
with

dossiers as (
    select
        *,
        row_number() over (partition by source_id order by cbmarq) as position
    from {{ raw('sage100', 'P_DOSSIER') }}
),

currencies as (
    select * from {{ raw('sage100', 'P_DEVISE') }}
),

countries as (
    select
        source_id,
        lower(trim(pa_intitule)) as name,
        min(upper(pa_codeiso2)) as country_code
    from {{ raw('sage100', 'F_PAYS') }}
    group by source_id, lower(trim(pa_intitule))
),

calendars as (
    select * from {{ ref('country_calendars') }}
),

identified as (
    select
        dossiers.*,
        case
            when coalesce(trim(dossiers.d_pays), '') = '' then 'FR'
            else coalesce(countries.country_code, case when lower(trim(dossiers.d_pays)) = 'france' then 'FR' end, 'ZZ')
        end as country_code,
        coalesce(nullif(trim(currencies.d_codeiso), ''), 'EUR') as currency_code,
        replace(dossiers.d_siret, ' ', '') as siret
    from dossiers
    left join countries
        on dossiers.source_id = countries.source_id and lower(trim(dossiers.d_pays)) = countries.name
    left join currencies
        on dossiers.source_id = currencies.source_id and dossiers.n_devisecompte = currencies.cbindice
    where dossiers.position = 1
),

final as (
    select
        identified.source_id,
        'sage100' as source_system,
        {{ key('identified.source_id', 'dossier', 'identified.cbmarq') }} as company_id,
        cast(identified.cbmarq as {{ dbt.type_string() }}) as company_number,
        identified.d_raisonsoc as name,
        identified.country_code,
        identified.currency_code,
        coalesce(calendars.time_zone, 'UTC') as time_zone,
        coalesce(calendars.calendar_code, identified.country_code) as calendar_code,
        -- A SIRET begins with the SIREN that accounting files carry.
        case
            when length(identified.siret) = 14 then substring(identified.siret, 1, 9)
            else coalesce(nullif(identified.siret, ''), nullif(trim(identified.d_identifiant), ''))
        end as registration_number,
        coalesce(extract(month from identified.d_debutexo01), 1) as fiscal_year_start_month
    from identified
    left join calendars on identified.country_code = calendars.country_code
)

{{ conform('companies') }}

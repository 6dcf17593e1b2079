-- One row per company.
with

companies as (
    select * from {{ raw('tryton', 'company_company') }}
),

parties as (
    select * from {{ raw('tryton', 'party_party') }}
),

identifiers as (
    select
        *,
        row_number() over (
            partition by source_id, party
            order by
                case when type like '%siren' then 1 when type like '%siret' then 2 when type like '%vat' then 4 else 3 end,
                coalesce(sequence, 0),
                id
        ) as preference
    from {{ raw('tryton', 'party_identifier') }}
),

addresses as (
    select
        source_id,
        party,
        country,
        row_number() over (partition by source_id, party order by coalesce(sequence, 0), id) as preference
    from {{ raw('tryton', 'party_address') }}
    where country is not null
),

countries as (
    select * from {{ raw('tryton', 'country_country') }}
),

currencies as (
    select * from {{ raw('tryton', 'currency_currency') }}
),

calendars as (
    select * from {{ ref('country_calendars') }}
),

identified as (
    select
        companies.source_id,
        companies.id,
        companies.timezone,
        parties.code,
        parties.name,
        currencies.code as currency_code,
        -- A company often has no address of its own; its registration says which country it is in.
        coalesce(
            upper(countries.code),
            case when identifiers.type not like 'eu%' then upper(substring(identifiers.type, 1, 2)) end,
            case when identifiers.type = 'eu_vat' then upper(substring(identifiers.code, 1, 2)) end,
            'ZZ'
        ) as country_code,
        -- A SIRET begins with the SIREN that accounting files carry.
        case
            when identifiers.type = 'fr_siret' then substring(replace(identifiers.code, ' ', ''), 1, 9)
            else replace(identifiers.code, ' ', '')
        end as registration_number
    from companies
    inner join parties
        on companies.source_id = parties.source_id and companies.party = parties.id
    left join identifiers
        on companies.source_id = identifiers.source_id and companies.party = identifiers.party and identifiers.preference = 1
    left join addresses
        on companies.source_id = addresses.source_id and companies.party = addresses.party and addresses.preference = 1
    left join countries
        on addresses.source_id = countries.source_id and addresses.country = countries.id
    left join currencies
        on companies.source_id = currencies.source_id and companies.currency = currencies.id
),

final as (
    select
        identified.source_id,
        'tryton' as source_system,
        {{ key('identified.source_id', 'company.company', 'identified.id') }} as company_id,
        identified.code as company_number,
        identified.name,
        identified.country_code,
        identified.currency_code,
        coalesce(identified.timezone, calendars.time_zone, 'UTC') as time_zone,
        coalesce(calendars.calendar_code, identified.country_code) as calendar_code,
        identified.registration_number,
        1 as fiscal_year_start_month
    from identified
    left join calendars on identified.country_code = calendars.country_code
)

{{ conform('companies') }}

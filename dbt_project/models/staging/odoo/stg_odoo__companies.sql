-- One row per company.
with

companies as (
    select * from {{ raw('odoo', 'res_company') }}
),

partners as (
    select * from {{ raw('odoo', 'res_partner') }}
),

countries as (
    select * from {{ raw('odoo', 'res_country') }}
),

currencies as (
    select * from {{ raw('odoo', 'res_currency') }}
),

calendars as (
    select * from {{ ref('country_calendars') }}
),

identified as (
    select
        companies.*,
        coalesce(upper(countries.code), 'ZZ') as country_code,
        currencies.name as currency_code,
        partners.ref as partner_ref,
        partners.vat,
        replace(coalesce(companies.company_registry, partners.company_registry), ' ', '') as registry
    from companies
    left join partners
        on companies.source_id = partners.source_id and companies.partner_id = partners.id
    left join countries
        on partners.source_id = countries.source_id and partners.country_id = countries.id
    left join currencies
        on companies.source_id = currencies.source_id and companies.currency_id = currencies.id
),

final as (
    select
        identified.source_id,
        'odoo' as source_system,
        {{ key('identified.source_id', 'res.company', 'identified.id') }} as company_id,
        cast(identified.id as {{ dbt.type_string() }}) as company_number,
        identified.name,
        identified.country_code,
        identified.currency_code,
        -- A country without a calendar here shows as UTC instead of borrowing another's.
        coalesce(calendars.time_zone, 'UTC') as time_zone,
        coalesce(calendars.calendar_code, identified.country_code) as calendar_code,
        -- A French SIRET (14 digits) begins with the SIREN that accounting files carry;
        -- a French VAT number ends with it.
        case
            when identified.country_code = 'FR' and length(identified.registry) = 14
                then substring(identified.registry, 1, 9)
            when
                identified.registry is null and identified.country_code = 'FR' and length(identified.vat) = 13
                then substring(identified.vat, 5, 9)
            else coalesce(identified.registry, identified.vat)
        end as registration_number,
        mod(cast(coalesce(identified.fiscalyear_last_month, '12') as bigint), 12)
        + 1 as fiscal_year_start_month
    from identified
    left join calendars on identified.country_code = calendars.country_code
)

{{ conform('companies') }}

-- One row per company currency, foreign currency and day on which a rate starts.
with

rates as (
    select * from {{ raw('odoo', 'res_currency_rate') }}
),

currencies as (
    select * from {{ raw('odoo', 'res_currency') }}
),

companies as (
    select
        source_id,
        id,
        currency_id
    from {{ raw('odoo', 'res_company') }}
),

-- A rate without a company holds for all; companies that share a currency may each keep rates,
-- the first company's count.
stated as (
    select
        rates.source_id,
        own_currencies.name as from_currency_code,
        currencies.name as to_currency_code,
        rates.name as rate_date,
        rates.rate,
        row_number() over (
            partition by rates.source_id, own_currencies.name, currencies.name, rates.name
            order by companies.id, rates.id
        ) as position
    from rates
    inner join companies
        on rates.source_id = companies.source_id and coalesce(rates.company_id, companies.id) = companies.id
    inner join currencies
        on rates.source_id = currencies.source_id and rates.currency_id = currencies.id
    inner join currencies as own_currencies
        on companies.source_id = own_currencies.source_id and companies.currency_id = own_currencies.id
    where own_currencies.name <> currencies.name
),

final as (
    select
        source_id,
        'odoo' as source_system,
        from_currency_code,
        to_currency_code,
        rate_date,
        rate
    from stated
    where position = 1
)

{{ conform('exchange_rates') }}

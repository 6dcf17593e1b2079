-- One row per company currency, foreign currency and day on which a rate of either starts.
with

rates as (
    select * from {{ ref('stg_tryton__currency_rates') }}
    where rate is not null
),

own_currencies as (
    select distinct
        source_id,
        currency
    from {{ raw('tryton', 'company_company') }}
),

final as (
    select
        own_rates.source_id,
        'tryton' as source_system,
        own_rates.currency_code as from_currency_code,
        foreign_rates.currency_code as to_currency_code,
        greatest(own_rates.valid_from, foreign_rates.valid_from) as rate_date,
        cast(foreign_rates.rate as double) / cast(own_rates.rate as double) as rate
    from own_currencies
    inner join rates as own_rates
        on own_currencies.source_id = own_rates.source_id and own_currencies.currency = own_rates.currency_id
    inner join rates as foreign_rates
        on
            own_rates.source_id = foreign_rates.source_id
            and own_rates.currency_id <> foreign_rates.currency_id
            and own_rates.valid_from < foreign_rates.valid_before
            and foreign_rates.valid_from < own_rates.valid_before
)

{{ conform('exchange_rates') }}

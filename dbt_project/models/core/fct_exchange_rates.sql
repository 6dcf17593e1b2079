-- One row per source, currency pair and first day of a rate.
with

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

)

select
    exchange_rates.source_id,
    exchange_rates.source_system,
    exchange_rates.from_currency_code,
    exchange_rates.to_currency_code,
    exchange_rates.rate_date,
    exchange_rates.rate
from exchange_rates

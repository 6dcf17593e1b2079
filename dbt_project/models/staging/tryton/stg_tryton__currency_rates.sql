-- One row per currency and stretch of days in which a rate applies, the first one since ever.
{{ config(materialized='table') }}

with

currencies as (
    select * from {{ raw('tryton', 'currency_currency') }}
),

rates as (
    select
        *,
        lead(valid_from) over (partition by source_id, currency order by valid_from, id) as next_valid_from,
        row_number() over (partition by source_id, currency order by valid_from, id) as position
    from {{ raw('tryton', 'currency_currency_rate') }}
)

select
    currencies.source_id,
    currencies.id as currency_id,
    currencies.code as currency_code,
    coalesce(nullif(currencies.rounding, 0), 0.01) as rounding,
    rates.rate,
    case when coalesce(rates.position, 1) = 1 then cast('0001-01-01' as date) else rates.valid_from end as valid_from,
    coalesce(rates.next_valid_from, cast('9999-12-31' as date)) as valid_before
from currencies
left join rates
    on currencies.source_id = rates.source_id and currencies.id = rates.currency
-- Two rates of one day: the later one counts.
where rates.next_valid_from is null or rates.next_valid_from > rates.valid_from

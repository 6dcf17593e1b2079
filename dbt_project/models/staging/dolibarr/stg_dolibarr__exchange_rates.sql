-- One row per foreign currency and day on which a rate was noted; the last one of a day holds.
with

rates as (
    select
        rates.source_id,
        currencies.code as to_currency_code,
        companies.currency_code as from_currency_code,
        cast(rates.date_sync as date) as rate_date,
        rates.rate,
        row_number() over (
            partition by rates.source_id, companies.currency_code, currencies.code, cast(rates.date_sync as date)
            order by companies.company_number asc, rates.date_sync desc, rates.rowid desc
        ) as preference
    from {{ raw('dolibarr', 'llx_multicurrency_rate') }} as rates
    inner join {{ raw('dolibarr', 'llx_multicurrency') }} as currencies
        on rates.source_id = currencies.source_id and rates.fk_multicurrency = currencies.rowid
    inner join {{ ref('stg_dolibarr__companies') }} as companies
        on companies.company_id = {{ key('currencies.source_id', 'entity', 'currencies.entity') }}
    where rates.rate > 0 and rates.date_sync is not null
),

final as (
    select
        source_id,
        'dolibarr' as source_system,
        from_currency_code,
        to_currency_code,
        rate_date,
        rate
    from rates
    where preference = 1 and from_currency_code <> to_currency_code
)

{{ conform('exchange_rates') }}

-- One row per quote, with its currency and the rate at which SuiteCRM converts it to the default one.
with

quotes as (
    select * from {{ raw('suitecrm', 'aos_quotes') }}
),

currencies as (
    select * from {{ raw('suitecrm', 'currencies') }}
)

select
    quotes.*,
    {{ key('quotes.source_id', 'aos_quotes', 'quotes.id') }} as document_id,
    {{ reference('company', 'quotes.source_id') }} as company_id,
    -- The default currency lies in a file of SuiteCRM's and in no table.
    coalesce(upper(trim(currencies.iso4217)), 'unknown') as currency_code,
    coalesce(nullif(currencies.conversion_rate, 0), 1) as conversion_rate
from quotes
left join currencies
    on quotes.source_id = currencies.source_id and quotes.currency_id = currencies.id

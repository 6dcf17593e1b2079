-- One row per price of a product that is agreed with one customer.
with

prices as (
    select * from {{ raw('dolibarr', 'llx_product_customer_price') }}
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

final as (
    select
        prices.source_id,
        'dolibarr' as source_system,
        {{ key('prices.source_id', 'product_customer_price', 'prices.rowid') }} as price_agreement_id,
        companies.company_id,
        {{ key('prices.source_id', 'societe', 'prices.fk_soc') }} as customer_id,
        {{ key('prices.source_id', 'product', 'prices.fk_product') }} as product_id,
        1 as rank,
        0 as minimum_quantity,
        prices.price as unit_price_excl_tax,
        nullif(prices.discount_percent, 0) as discount_percent,
        companies.currency_code,
        coalesce(cast(prices.date_begin as date), cast(prices.datec as date), cast(prices.tms as date)) as valid_from,
        cast(prices.date_end as date) as valid_to
    from prices
    inner join companies
        on companies.company_id = {{ key('prices.source_id', 'entity', 'prices.entity') }}
)

{{ conform('price_agreements', lacks=['customer_group_id', 'product_range', 'freight_excl_tax', 'payment_term_id']) }}

-- One row per product, with today's attributes; `unknown` stands for none.
-- Past attributes are in dim_product_history.
with linked as (
    select from_id
    from {{ ref('int_identities') }}
    where entity_type = 'product' and to_id is not null
),

products as (
    select product.*
    from {{ ref('int_products') }} as product
    left join linked on product.product_id = linked.from_id
    where linked.from_id is null
),

inferred as (
    select distinct {{ resolved('product', 'mention.id') }} as product_id
    from {{ ref('int_mentions') }} as mention
    where mention.entity_type = 'product'
    union distinct
    select 'unknown' as product_id
),

members as (
    select
        product_id,
        source_id,
        source_system,
        product_code,
        name,
        coalesce(product_range, 'unknown') as product_range,
        coalesce(product_family, 'unknown') as product_family,
        unit,
        standard_cost,
        cost_currency_code,
        list_price_excl_tax,
        product_type,
        is_active,
        launched_on,
        discontinued_on,
        custom_fields,
        false as is_inferred
    from products
    union all
    select
        inferred.product_id,
        'unknown' as source_id,
        'unknown' as source_system,
        cast(null as {{ dbt.type_string() }}) as product_code,
        inferred.product_id as name,
        'unknown' as product_range,
        'unknown' as product_family,
        cast(null as {{ dbt.type_string() }}) as unit,
        cast(null as decimal(18, 4)) as standard_cost,
        cast(null as {{ dbt.type_string() }}) as cost_currency_code,
        cast(null as decimal(18, 4)) as list_price_excl_tax,
        'goods' as product_type,
        true as is_active,
        cast(null as date) as launched_on,
        cast(null as date) as discontinued_on,
        cast(null as {{ dbt.type_string() }}) as custom_fields,
        true as is_inferred
    from inferred
    left join products on inferred.product_id = products.product_id
    where products.product_id is null
)

select * from members

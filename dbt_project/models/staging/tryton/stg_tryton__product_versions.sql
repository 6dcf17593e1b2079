-- One row per product variant and version of its template that reached the warehouse: what its history is made of.
with

variants as (
    select * from {{ raw('tryton', 'product_product') }}
),

templates as (
    select * from {{ raw_versions('tryton', 'product_template') }}
),

products as (
    select * from {{ ref('stg_tryton__products') }}
)

select
    products.product_id,
    templates._from_load as from_load,
    coalesce(templates.name, products.name) as name,
    products.product_range,
    products.product_family,
    products.list_price_excl_tax,
    coalesce(templates.active, true) and coalesce(templates.salable, true) as is_active
from variants
inner join templates
    on variants.source_id = templates.source_id and variants.template = templates.id
inner join products
    on products.product_id = {{ key('variants.source_id', 'product.product', 'variants.id') }}

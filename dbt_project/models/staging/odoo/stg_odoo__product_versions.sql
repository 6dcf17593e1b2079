-- One row per product variant and version of its template that reached the warehouse: what its
-- history is made of.
with

products as (
    select * from {{ raw('odoo', 'product_product') }}
),

templates as (
    select * from {{ raw_versions('odoo', 'product_template') }}
),

categories as (
    select * from {{ raw('odoo', 'product_category') }}
)

select
    {{ key('products.source_id', 'product.product', 'products.id') }} as product_id,
    templates._from_load as from_load,
    coalesce(
        {{ translated('templates.name') }},
        products.default_code,
        cast(products.id as {{ dbt.type_string() }})
    )
        as name,
    nullif({{ dbt.split_part('categories.complete_name', "' / '", 2) }}, '') as product_range,
    nullif({{ dbt.split_part('categories.complete_name', "' / '", 3) }}, '') as product_family,
    cast(templates.list_price as decimal(18, 4)) as list_price_excl_tax,
    coalesce(templates.active, true) and coalesce(templates.sale_ok, true) as is_active
from products
inner join templates
    on products.source_id = templates.source_id and products.product_tmpl_id = templates.id
left join categories
    on templates.source_id = categories.source_id and templates.categ_id = categories.id

-- One row per product variant and company: the unit cost in force.
with

products as (
    select * from {{ raw('odoo', 'product_product') }}
),

companies as (
    select * from {{ raw('odoo', 'res_company') }}
),

properties as (
    select * from {{ raw('odoo', 'ir_property') }}
    where name = 'standard_price'
),

costs as (
    select
        products.source_id,
        products.id as product_id,
        companies.id as company_id,
        coalesce(
            cast({{ company_value('products.standard_price', 'companies.id') }} as decimal(18, 4)),
            cast(properties.value_float as decimal(18, 4))
        ) as unit_cost
    from products
    inner join companies on products.source_id = companies.source_id
    left join properties
        on
            products.source_id = properties.source_id
            and properties.res_id = 'product.product,' || cast(products.id as {{ dbt.type_string() }})
            and companies.id = properties.company_id
)

select
    source_id,
    product_id,
    company_id,
    unit_cost
from costs
where unit_cost is not null

-- One row per product variant, which is what documents refer to.
with

products as (
    select * from {{ raw('odoo', 'product_product') }}
),

templates as (
    select * from {{ raw('odoo', 'product_template') }}
),

categories as (
    select * from {{ raw('odoo', 'product_category') }}
),

units as (
    select * from {{ raw('odoo', 'uom_uom') }}
),

deposit_products as (
    select distinct
        source_id,
        product_id
    from {{ raw('odoo', 'sale_order_line') }}
    where is_downpayment and product_id is not null
),

companies as (
    select * from {{ ref('stg_odoo__companies') }}
),

-- A product shared by companies has a cost in each: the first company's stands for it here,
-- document lines carry their own company's.
ranked_costs as (
    select
        *,
        row_number() over (partition by source_id, product_id order by company_id) as position
    from {{ ref('stg_odoo__product_costs') }}
),

costs as (
    select
        ranked_costs.source_id,
        ranked_costs.product_id,
        ranked_costs.unit_cost,
        companies.currency_code
    from ranked_costs
    inner join companies
        on
            companies.company_id
            = {{ key('ranked_costs.source_id', 'res.company', 'ranked_costs.company_id') }}
    where ranked_costs.position = 1
),

final as (
    select
        products.source_id,
        'odoo' as source_system,
        {{ key('products.source_id', 'product.product', 'products.id') }} as product_id,
        coalesce(products.default_code, templates.default_code) as product_code,
        coalesce(
            {{ translated('templates.name') }},
            products.default_code,
            cast(products.id as {{ dbt.type_string() }})
        )
            as name,
        nullif({{ dbt.split_part('categories.complete_name', "' / '", 2) }}, '') as product_range,
        nullif({{ dbt.split_part('categories.complete_name', "' / '", 3) }}, '') as product_family,
        {{ translated('units.name') }} as unit,
        costs.unit_cost as standard_cost,
        costs.currency_code as cost_currency_code,
        templates.list_price as list_price_excl_tax,
        case
            when deposit_products.product_id is not null then 'deposit'
            when templates.type = 'service' then 'service'
            else 'goods'
        end as product_type,
        coalesce(products.active, true)
        and coalesce(templates.active, true)
        and coalesce(templates.sale_ok, true) as is_active,
        cast(templates.create_date as date) as launched_on,
        templates.custom_fields
    from products
    left join templates
        on products.source_id = templates.source_id and products.product_tmpl_id = templates.id
    left join categories
        on templates.source_id = categories.source_id and templates.categ_id = categories.id
    left join units
        on templates.source_id = units.source_id and templates.uom_id = units.id
    left join costs
        on products.source_id = costs.source_id and products.id = costs.product_id
    left join deposit_products
        on products.source_id = deposit_products.source_id and products.id = deposit_products.product_id
)

{{ conform('products', lacks=['discontinued_on']) }}

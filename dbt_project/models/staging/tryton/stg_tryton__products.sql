-- One row per product variant.
with

variants as (
    select * from {{ raw('tryton', 'product_product') }}
),

templates as (
    select * from {{ raw('tryton', 'product_template') }}
),

units as (
    select * from {{ raw('tryton', 'product_uom') }}
),

-- The category of a product and the one above it; those of accounting say nothing of the goods.
categories as (
    select
        categorised.source_id,
        categorised.template,
        coalesce(parents.name, categories.name) as product_range,
        case when parents.id is not null then categories.name end as product_family,
        row_number() over (
            partition by categorised.source_id, categorised.template order by categorised.id
        ) as preference
    from {{ raw('tryton', 'product_template_category') }} as categorised
    inner join {{ raw('tryton', 'product_category') }} as categories
        on categorised.source_id = categories.source_id and categorised.category = categories.id
    left join {{ raw('tryton', 'product_category') }} as parents
        on categories.source_id = parents.source_id and categories.parent = parents.id
    where not coalesce(categories.accounting, false)
),

companies as (
    select
        companies.source_id,
        companies.id,
        currencies.code as currency_code,
        row_number() over (partition by companies.source_id order by companies.id) as position
    from {{ raw('tryton', 'company_company') }} as companies
    left join {{ raw('tryton', 'currency_currency') }} as currencies
        on companies.source_id = currencies.source_id and companies.currency = currencies.id
),

-- Companies may keep prices and costs of their own; the first one's are shown.
costs as (
    select
        source_id,
        product,
        company,
        cost_price,
        row_number() over (partition by source_id, product order by company, id) as preference
    from {{ raw('tryton', 'product_cost_price') }}
),

prices as (
    select
        source_id,
        product,
        template,
        list_price,
        row_number() over (partition by source_id, product, template order by company, id) as preference
    from {{ raw('tryton', 'product_list_price') }}
),

final as (
    select
        variants.source_id,
        'tryton' as source_system,
        {{ key('variants.source_id', 'product.product', 'variants.id') }} as product_id,
        variants.code as product_code,
        coalesce(templates.name, variants.code, cast(variants.id as {{ dbt.type_string() }})) as name,
        categories.product_range,
        categories.product_family,
        coalesce(units.symbol, units.name) as unit,
        costs.cost_price as standard_cost,
        companies.currency_code as cost_currency_code,
        coalesce(own_prices.list_price, prices.list_price) as list_price_excl_tax,
        case templates.type when 'service' then 'service' else 'goods' end as product_type,
        coalesce(variants.active, true) and coalesce(templates.active, true) and coalesce(templates.salable, true)
            as is_active,
        templates.custom_fields
    from variants
    left join templates
        on variants.source_id = templates.source_id and variants.template = templates.id
    left join units
        on templates.source_id = units.source_id and coalesce(templates.sale_uom, templates.default_uom) = units.id
    left join categories
        on variants.source_id = categories.source_id and variants.template = categories.template and categories.preference = 1
    left join costs
        on variants.source_id = costs.source_id and variants.id = costs.product and costs.preference = 1
    left join companies
        on costs.source_id = companies.source_id and costs.company = companies.id
    left join prices as own_prices
        on variants.source_id = own_prices.source_id and variants.id = own_prices.product and own_prices.preference = 1
    left join prices
        on
            variants.source_id = prices.source_id
            and variants.template = prices.template
            and prices.product is null
            and prices.preference = 1
)

{{ conform('products', lacks=['launched_on', 'discontinued_on']) }}

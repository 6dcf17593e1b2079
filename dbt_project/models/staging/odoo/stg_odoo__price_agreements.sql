-- One row per price list item and customer whom the list is given to, and product where it covers several.
with

items as (
    select *
    from {{ raw('odoo', 'product_pricelist_item') }}
    where compute_price in ('fixed', 'percentage')
),

price_lists as (
    select * from {{ raw('odoo', 'product_pricelist') }}
),

partners as (
    select * from {{ raw('odoo', 'res_partner') }}
),

companies as (
    select
        source_id,
        id
    from {{ raw('odoo', 'res_company') }}
),

properties as (
    select * from {{ raw('odoo', 'ir_property') }}
    where name = 'property_product_pricelist' and res_id like 'res.partner,%'
),

products as (
    select * from {{ raw('odoo', 'product_product') }}
),

templates as (
    select * from {{ raw('odoo', 'product_template') }}
),

categories as (
    select * from {{ raw('odoo', 'product_category') }}
),

currencies as (
    select * from {{ raw('odoo', 'res_currency') }}
),

assigned as (
    select
        source_id,
        cast({{ dbt.split_part('res_id', "','", 2) }} as bigint) as partner_id,
        cast({{ dbt.split_part('value_reference', "','", 2) }} as bigint) as pricelist_id
    from properties

    union

    select
        partners.source_id,
        partners.id as partner_id,
        cast({{ company_value('partners.specific_property_product_pricelist', 'companies.id') }} as bigint)
            as pricelist_id
    from partners
    inner join companies on partners.source_id = companies.source_id
    where partners.specific_property_product_pricelist is not null
),

-- Without a list of their own, customers get the first list of the company, or of all companies.
default_lists as (
    select
        source_id,
        min(id) as pricelist_id
    from price_lists
    group by source_id, company_id
),

-- An item on a template or on a family covers each of its products; one on a range stays one row.
covered as (
    select
        items.*,
        products.id as covered_product_id,
        cast(null as {{ dbt.type_string() }}) as covered_range
    from items
    inner join products
        on
            items.source_id = products.source_id
            and (
                (items.applied_on = '0_product_variant' and items.product_id = products.id)
                or (items.applied_on = '1_product' and items.product_tmpl_id = products.product_tmpl_id)
            )

    union all

    select
        items.*,
        products.id as covered_product_id,
        cast(null as {{ dbt.type_string() }}) as covered_range
    from items
    inner join categories
        on items.source_id = categories.source_id and items.categ_id = categories.id
    inner join categories as inner_categories
        on
            categories.source_id = inner_categories.source_id
            and (
                categories.id = inner_categories.id
                or inner_categories.complete_name like categories.complete_name || ' / %'
            )
    inner join templates
        on inner_categories.source_id = templates.source_id and inner_categories.id = templates.categ_id
    inner join products
        on templates.source_id = products.source_id and templates.id = products.product_tmpl_id
    where
        items.applied_on = '2_product_category'
        and {{ dbt.split_part('categories.complete_name', "' / '", 3) }} <> ''

    union all

    select
        items.*,
        cast(null as bigint) as covered_product_id,
        nullif({{ dbt.split_part('categories.complete_name', "' / '", 2) }}, '') as covered_range
    from items
    inner join categories
        on items.source_id = categories.source_id and items.categ_id = categories.id
    where
        items.applied_on = '2_product_category'
        and coalesce({{ dbt.split_part('categories.complete_name', "' / '", 3) }}, '') = ''

    union all

    select
        items.*,
        cast(null as bigint) as covered_product_id,
        cast(null as {{ dbt.type_string() }}) as covered_range
    from items
    where items.applied_on = '3_global'
),

final as (
    select
        covered.source_id,
        'odoo' as source_system,
        {{ key('covered.source_id', 'product.pricelist.item', 'covered.id') }}
        || '/' || coalesce(cast(assigned.partner_id as {{ dbt.type_string() }}), 'all')
        || '/'
        || coalesce(cast(covered.covered_product_id as {{ dbt.type_string() }}), 'all') as price_agreement_id,
        {{ key('covered.source_id', 'res.company', 'price_lists.company_id') }} as company_id,
        {{ key('covered.source_id', 'res.partner', 'assigned.partner_id') }} as customer_id,
        {{ key('covered.source_id', 'product.product', 'covered.covered_product_id') }} as product_id,
        covered.covered_range as product_range,
        -- The customer's own list before everybody's, the narrower item before the wider.
        case covered.applied_on
            when '0_product_variant' then 1
            when '1_product' then 2
            when '2_product_category' then 3
            else 4
        end + case when assigned.partner_id is null then 4 else 0 end as rank,
        coalesce(covered.min_quantity, 0) as minimum_quantity,
        case when covered.compute_price = 'fixed' then covered.fixed_price end as unit_price_excl_tax,
        case when covered.compute_price = 'percentage' then covered.percent_price end as discount_percent,
        currencies.name as currency_code,
        coalesce(cast(covered.date_start as date), date '1990-01-01') as valid_from,
        cast(covered.date_end as date) as valid_to
    from covered
    inner join price_lists
        on covered.source_id = price_lists.source_id and covered.pricelist_id = price_lists.id
    left join assigned
        on covered.source_id = assigned.source_id and covered.pricelist_id = assigned.pricelist_id
    left join default_lists
        on covered.source_id = default_lists.source_id and covered.pricelist_id = default_lists.pricelist_id
    left join currencies
        on price_lists.source_id = currencies.source_id and price_lists.currency_id = currencies.id
    where assigned.partner_id is not null or default_lists.pricelist_id is not null
)

{{ conform('price_agreements', lacks=['customer_group_id', 'freight_excl_tax', 'payment_term_id']) }}

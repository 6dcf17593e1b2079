-- One row per product and version of it that reached the warehouse.
with

products as (
    select * from {{ raw_versions('dolibarr', 'llx_product') }}
),

categories as (
    select * from {{ raw('dolibarr', 'llx_categorie') }}
),

-- The category of a product and the topmost above it, up to four levels.
ranked as (
    select
        categorised.source_id,
        categorised.fk_product,
        coalesce(third.label, second.label, first.label, own.label) as product_range,
        case when first.label is not null then own.label end as product_family,
        row_number() over (partition by categorised.source_id, categorised.fk_product order by own.rowid) as preference
    from {{ raw('dolibarr', 'llx_categorie_product') }} as categorised
    inner join categories as own
        on categorised.source_id = own.source_id and categorised.fk_categorie = own.rowid
    left join categories as first on own.source_id = first.source_id and own.fk_parent = first.rowid
    left join categories as second on first.source_id = second.source_id and first.fk_parent = second.rowid
    left join categories as third on second.source_id = third.source_id and second.fk_parent = third.rowid
)

select
    products.source_id,
    {{ key('products.source_id', 'product', 'products.rowid') }} as product_id,
    products._from_load as from_load,
    case when products._to_load <= {{ known_load() }} then products._to_load end as to_load,
    products.entity,
    products.ref as product_code,
    coalesce(nullif(trim(products.label), ''), products.ref) as name,
    ranked.product_range,
    ranked.product_family,
    products.fk_unit,
    coalesce(nullif(products.cost_price, 0), nullif(products.pmp, 0)) as standard_cost,
    products.price as list_price_excl_tax,
    products.fk_product_type,
    coalesce(products.tosell, 0) = 1 as is_active,
    cast(products.datec as date) as launched_on,
    products.custom_fields
from products
left join ranked
    on products.source_id = ranked.source_id and products.rowid = ranked.fk_product and ranked.preference = 1

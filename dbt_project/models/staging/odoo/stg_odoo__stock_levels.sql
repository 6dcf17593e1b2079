-- One row per product and warehouse: stock now.
with

quants as (
    select * from {{ raw('odoo', 'stock_quant') }}
),

locations as (
    select * from {{ raw('odoo', 'stock_location') }}
    where usage = 'internal'
),

warehouses as (
    select * from {{ raw('odoo', 'stock_warehouse') }}
),

located as (
    select
        quants.*,
        coalesce(warehouses.name, locations.complete_name) as site,
        coalesce(quants.company_id, warehouses.company_id, locations.company_id) as owner_id
    from quants
    inner join locations
        on quants.source_id = locations.source_id and quants.location_id = locations.id
    left join warehouses
        on locations.source_id = warehouses.source_id and locations.warehouse_id = warehouses.id
),

final as (
    select
        source_id,
        'odoo' as source_system,
        {{ key('source_id', 'res.company', 'min(owner_id)') }} as company_id,
        {{ key('source_id', 'product.product', 'product_id') }} as product_id,
        site,
        sum(quantity) as quantity_on_hand,
        sum(coalesce(reserved_quantity, 0)) as quantity_reserved,
        max(write_date) as measured_at
    from located
    group by source_id, product_id, site
)

{{ conform('stock_levels') }}

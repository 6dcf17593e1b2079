-- One row per product and warehouse. Dolibarr reserves nothing: what is ordered is in the order book.
with

stock as (
    select * from {{ raw('dolibarr', 'llx_product_stock') }}
),

warehouses as (
    select * from {{ raw('dolibarr', 'llx_entrepot') }}
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

final as (
    select
        stock.source_id,
        'dolibarr' as source_system,
        companies.company_id,
        {{ key('stock.source_id', 'product', 'stock.fk_product') }} as product_id,
        warehouses.ref as site,
        sum(coalesce(stock.reel, 0)) as quantity_on_hand,
        0 as quantity_reserved,
        max(stock.tms) as measured_at
    from stock
    inner join warehouses
        on stock.source_id = warehouses.source_id and stock.fk_entrepot = warehouses.rowid
    inner join companies
        on companies.company_id = {{ key('warehouses.source_id', 'entity', 'warehouses.entity') }}
    group by stock.source_id, companies.company_id, stock.fk_product, warehouses.ref
)

{{ conform('stock_levels') }}

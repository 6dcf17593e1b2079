-- One row per move of goods from a supplier that has not arrived yet.
with

moves as (
    select * from {{ raw('tryton', 'stock_move') }}
    where state in ('draft', 'staging', 'assigned')
),

locations as (
    select * from {{ raw('tryton', 'stock_location') }}
),

final as (
    select
        moves.source_id,
        'tryton' as source_system,
        {{ key('moves.source_id', 'stock.move', 'moves.id') }} as expected_receipt_id,
        {{ key('moves.source_id', 'company.company', 'moves.company') }} as company_id,
        {{ key('moves.source_id', 'product.product', 'moves.product') }} as product_id,
        warehouses.name as site,
        moves.planned_date as expected_date,
        moves.internal_quantity as quantity
    from moves
    inner join locations as suppliers
        on moves.source_id = suppliers.source_id and moves.from_location = suppliers.id and suppliers.type = 'supplier'
    inner join locations as places
        on moves.source_id = places.source_id and moves.to_location = places.id and places.type = 'storage'
    left join locations as warehouses
        on places.source_id = warehouses.source_id and places.parent = warehouses.id and warehouses.type = 'warehouse'
    where moves.planned_date is not null
)

{{ conform('expected_receipts') }}

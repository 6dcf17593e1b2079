-- One row per transfer of goods to or from a customer; internal moves and dealings with suppliers are
-- left out.
with

transfers as (
    select * from {{ raw('odoo', 'stock_picking') }}
),

transfer_types as (
    select * from {{ raw('odoo', 'stock_picking_type') }}
),

moves as (
    select * from {{ raw('odoo', 'stock_move') }}
),

locations as (
    select * from {{ raw('odoo', 'stock_location') }}
),

ends as (
    select
        moves.source_id,
        moves.picking_id,
        max(case when origins.usage = 'customer' then 1 else 0 end) as from_customer,
        max(case when destinations.usage = 'customer' then 1 else 0 end) as to_customer,
        max(case when destinations.usage = 'supplier' then 1 else 0 end) as to_supplier
    from moves
    left join locations as origins
        on moves.source_id = origins.source_id and moves.location_id = origins.id
    left join locations as destinations
        on moves.source_id = destinations.source_id and moves.location_dest_id = destinations.id
    group by moves.source_id, moves.picking_id
)

select
    transfers.*,
    transfer_types.warehouse_id,
    coalesce(transfer_types.code, 'outgoing') <> 'outgoing' as is_return,
    coalesce(ends.to_customer, 1) = 1 as is_to_customer
from transfers
left join transfer_types
    on transfers.source_id = transfer_types.source_id and transfers.picking_type_id = transfer_types.id
left join ends
    on transfers.source_id = ends.source_id and transfers.id = ends.picking_id
where
    (transfer_types.code = 'outgoing' and coalesce(ends.to_supplier, 0) = 0)
    or (transfer_types.code <> 'outgoing' and ends.from_customer = 1)

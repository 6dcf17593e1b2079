-- One row per order line of which something was shipped: how much, returns not taken off, and at what
-- unit cost.
{{ config(materialized='table') }}

with

moves as (
    select *
    from {{ raw('odoo', 'stock_move') }}
    where sale_line_id is not null and state = 'done'
),

customer_locations as (
    select * from {{ raw('odoo', 'stock_location') }}
    where usage = 'customer'
),

valuations as (
    select
        source_id,
        stock_move_id,
        sum(value) as value,
        sum(quantity) as quantity
    from {{ raw('odoo', 'stock_valuation_layer') }}
    group by source_id, stock_move_id
)

select
    moves.source_id,
    moves.sale_line_id as order_line_id,
    cast(sum(moves.quantity) as decimal(18, 4)) as shipped_quantity,
    cast(sum(valuations.value) / nullif(sum(valuations.quantity), 0) as decimal(18, 4)) as unit_cost
from moves
inner join customer_locations
    on moves.source_id = customer_locations.source_id and moves.location_dest_id = customer_locations.id
left join valuations
    on moves.source_id = valuations.source_id and moves.id = valuations.stock_move_id
group by moves.source_id, moves.sale_line_id

-- One row per order line that was shipped: unit cost at which its goods left, company currency.
with

valuations as (
    select * from {{ raw('odoo', 'stock_valuation_layer') }}
),

moves as (
    select * from {{ raw('odoo', 'stock_move') }} where sale_line_id is not null
)

select
    moves.source_id,
    moves.sale_line_id as order_line_id,
    cast(sum(valuations.value) / nullif(sum(valuations.quantity), 0) as decimal(18, 4)) as unit_cost
from valuations
inner join moves
    on valuations.source_id = moves.source_id and valuations.stock_move_id = moves.id
group by moves.source_id, moves.sale_line_id

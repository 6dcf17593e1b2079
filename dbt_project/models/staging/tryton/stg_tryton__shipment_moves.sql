-- One row per move of goods to a customer or back from one, in the unit of its order line.
{{ config(materialized='table') }}

with

moves as (
    select
        *,
        coalesce(
            {{ tryton_id('shipment', 'stock.shipment.out') }},
            {{ tryton_id('shipment', 'stock.shipment.out.return') }}
        ) as shipment_id,
        shipment like 'stock.shipment.out.return,%' as is_return,
        {{ tryton_id('origin', 'sale.line') }} as sale_line_id
    from {{ raw('tryton', 'stock_move') }}
    where shipment like 'stock.shipment.out,%' or shipment like 'stock.shipment.out.return,%'
),

locations as (
    select * from {{ raw('tryton', 'stock_location') }}
),

units as (
    select * from {{ raw('tryton', 'product_uom') }}
),

sale_lines as (
    select * from {{ ref('stg_tryton__sale_lines') }}
),

-- The other moves of a shipment only bring the goods to the dock.
final_moves as (
    select moves.*
    from moves
    inner join locations
        on
            moves.source_id = locations.source_id
            and case when moves.is_return then moves.from_location else moves.to_location end = locations.id
    where locations.type = 'customer'
),

described as (
    select
        final_moves.source_id,
        final_moves.id as move_id,
        final_moves.shipment_id,
        final_moves.is_return,
        final_moves.product,
        final_moves.state,
        final_moves.effective_date,
        final_moves.cost_price,
        final_moves.sale_line_id,
        sale_lines.sale_id,
        coalesce(sale_lines.returned_line_id, final_moves.sale_line_id) as order_line_id,
        coalesce(sale_lines.unit, units.symbol, units.name) as unit,
        sale_lines.unit_price,
        sale_lines.base_price,
        case
            when sale_lines.unit_id is null or sale_lines.unit_id = final_moves.unit then final_moves.quantity
            else
                cast(
                    round(
                        cast(final_moves.quantity as double) * cast(units.factor as double)
                        / cast(sale_lines.unit_factor as double), 4
                    ) as decimal(18, 4)
                )
        end as quantity
    from final_moves
    left join units
        on final_moves.source_id = units.source_id and final_moves.unit = units.id
    left join sale_lines
        on final_moves.source_id = sale_lines.source_id and final_moves.sale_line_id = sale_lines.line_id
)

select
    *,
    row_number() over (partition by source_id, is_return, shipment_id order by move_id) as line_number,
    -- The shipment before that carried a part of the same line: this one carries the remainder.
    case
        when sale_line_id is not null and state <> 'cancelled'
            then
                max(case when state <> 'cancelled' then shipment_id end) over (
                    partition by source_id, is_return, sale_line_id
                    order by shipment_id
                    range between unbounded preceding and 1 preceding
                )
    end as previous_shipment_id
from described

-- Transfers and stock as they stand at the instant projected.
create view odoo.stock_picking as
select
    number.picking_id as id,
    number.name,
    case kind
        when 'sample' then 'Sample'
        when 'return' then 'Return of ' || returned.name
        else sale_number.name
    end as origin,
    case
        when happened(done_at) then 'done'
        when happened(cancelled_at) then 'cancel'
        when happened(ready_at) then 'assigned'
        else 'confirmed'
    end as state,
    coalesce(
        case when happened(sale.postponed_at) then sale.promise_2 else sale.promise_1 end, planned_at
    ) as scheduled_date,
    case
        when kind <> 'delivery' then null
        when happened(sale.postponed_at) then sale.promise_2
        else sale.promise_1
    end as date_deadline,
    seen(done_at) as date_done,
    before.picking_id as backorder_id,
    returned.picking_id as return_id,
    case kind when 'return' then 1 else 2 end + 5 * (picking.co - 1) as picking_type_id,
    coalesce(customer.delivery_partner_id, customer.partner_id) as partner_id,
    case when happened(done_at) or happened(ready_at) then picker end as user_id,
    case when kind <> 'sample' then sale_number.order_id end as sale_id,
    1 + floor(4 * u('carrier', picking.k))::int as carrier_id,
    picking.co as company_id,
    sale.entered_by as create_uid,
    picking.born_at as create_date,
    greatest(
        picking.born_at, seen(ready_at), seen(done_at), seen(cancelled_at),
        case when kind = 'delivery' and not happened(coalesce(done_at, cancelled_at))
            or sale.postponed_at <= coalesce(done_at, cancelled_at) then seen(sale.postponed_at) end
    ) as write_date
from life.picking
inner join life.picking_number as number using (pk)
inner join life.sale on picking.k = sale.k
inner join life.sale_number on picking.k = sale_number.k
inner join life.customer on picking.c = customer.c
left join life.picking_number as before on picking.backorder_of = before.pk
left join life.picking_number as returned on picking.return_of = returned.pk
where happened(picking.born_at);

create view odoo.stock_move as
with placed as (
    select
        stock_move.*,
        case
            when kind <> 'delivery' then pk
            when happened(moved_2_at) then (pk // 100) * 100 + greatest(first_s, 3) * 10
            when happened(moved_1_at) then (pk // 100) * 100 + greatest(first_s, 2) * 10
            else (pk // 100) * 100 + first_s * 10
        end as current_pk
    from life.stock_move
    where happened(born_at)
)

select
    number.move_id as id,
    picking.picking_id,
    placed.p as product_id,
    case when happened(done_at) or happened(cancelled_at) then part else remaining end
        as product_uom_qty,
    case when happened(done_at) then part else 0 end as quantity,
    case
        when happened(done_at) then 'done'
        when happened(cancelled_at) then 'cancel'
        when happened(transfer.ready_at) then 'assigned'
        else 'confirmed'
    end as state,
    coalesce(seen(done_at), transfer.planned_at) as date,
    case
        when placed.kind <> 'delivery' then null
        when happened(sale.postponed_at) then sale.promise_2
        else sale.promise_1
    end as date_deadline,
    line.line_id as sale_line_id,
    returned.move_id as origin_returned_move_id,
    case
        when placed.kind = 'return' then 5 when transfer.co = 1 then 8 else 18
    end as location_id,
    case
        when placed.kind <> 'return' then 5 when transfer.co = 1 then 8 else 18
    end as location_dest_id,
    transfer.co as company_id,
    placed.born_at as create_date,
    greatest(
        placed.born_at, seen(moved_1_at), seen(moved_2_at), seen(done_at), seen(placed.cancelled_at),
        seen(transfer.ready_at),
        case when placed.kind = 'delivery' then seen(sale.postponed_at) end
    ) as write_date
from placed
inner join life.stock_move_number as number using (mk)
inner join life.picking_number as picking on placed.current_pk = picking.pk
inner join (select pk, k, co, ready_at, planned_at from life.picking) as transfer
    on placed.current_pk = transfer.pk
inner join life.sale on transfer.k = sale.k
left join life.sale_line_number as line on placed.lk = line.lk
left join life.stock_move_number as returned on placed.returned_mk = returned.mk;

-- What each shipment line cost when it left, negative for goods going out.
create view odoo.stock_valuation_layer as
select
    number.move_id as id,
    number.move_id as stock_move_id,
    case kind when 'return' then part else -part end as quantity,
    case kind when 'return' then part else -part end * product.cost as value,
    sale.co as company_id,
    done_at as write_date
from life.stock_move
inner join life.stock_move_number as number using (mk)
inner join life.product using (p)
inner join life.sale on stock_move.pk // 100 = sale.k
where happened(done_at);

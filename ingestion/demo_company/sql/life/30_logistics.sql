-- Portions of lines: which quantity leaves with which shipment of the order.
create table life.portion as
with split as (
    select
        line.*,
        sale.wanted_shipments as wanted,
        case
            when wanted_shipments = 1 then quantity
            when line_count = 1 then greatest(1, floor(quantity / 2))
            when l = 1 then quantity
            when l = 2 then 0
            when portion < 0.45 then quantity
            when portion < 0.80 or quantity < 2 then 0
            else floor(quantity / 2)
        end::decimal(10, 0) as quantity_1
    from life.line
    inner join life.sale using (k)
    where sale.wanted_shipments > 0
),

thirds as (
    select
        *,
        case when wanted = 3 then ceil((quantity - quantity_1) / 2) else quantity - quantity_1 end
            ::decimal(10, 0) as quantity_2
    from split
),

portions as (
    select *, 1 as s, quantity_1 as part from thirds
    union all
    select *, 2 as s, quantity_2 as part from thirds
    union all
    select *, 3 as s, (quantity - quantity_1 - quantity_2)::decimal(10, 0) as part from thirds
)

select
    lk, k, l, p, s, part, price, discount,
    round(part * price * (1 - discount * 0.01), 2)::decimal(18, 2) as amount,
    row_number() over (partition by lk order by s) as nth,
    sum(part) over (partition by lk order by s desc)::decimal(10, 0) as remaining,
    lag(s) over (partition by lk order by s) as previous_s
from portions
where part > 0;

-- Shipments: one row per order and shipment that has something to carry.
create table life.shipment as
with filled as (
    select k, s, max(s) over (partition by k) as last_s, sum(amount) as goods
    from (select k, s, sum(amount) as amount from life.portion group by k, s)
    group by k, s
)

select
    filled.k * 10 + filled.s as sk,
    filled.k,
    filled.s,
    filled.goods::decimal(18, 2) as goods,
    sale.c,
    sale.co,
    case filled.s
        when 1 then sale.confirmed_at when 2 then sale.shipped_1_at else sale.shipped_2_at
    end as born_at,
    case
        when sale.is_cancelled or (sale.closes_short and filled.s = filled.last_s and filled.s > 1)
            then null
        when filled.s = 1 then sale.shipped_1_at
        when filled.s = 2 then sale.shipped_2_at
        else sale.shipped_3_at
    end as shipped_at,
    case
        when sale.is_cancelled then sale.order_cancelled_at
        when sale.closes_short and filled.s = filled.last_s and filled.s > 1
            then case filled.s when 2 then sale.shipped_2_at else sale.shipped_3_at end
    end as cancelled_at,
    case filled.s when 2 then sale.shipped_1_at when 3 then sale.shipped_2_at end as previous_at,
    pick(getvariable('logisticians')[sale.co], 'picker', filled.k * 10 + filled.s) as picker
from filled
inner join life.sale on filled.k = sale.k;

-- Credit notes to come, and why; goods come back only for the first reason.
create table life.credit as
with drawn as (
    select
        shipment.*,
        sale.has_entry_error,
        sale.error_no,
        u('credit note', sk) as draw
    from life.shipment
    inner join life.sale using (k)
    where shipment.shipped_at is not null and not sale.has_deposit
)

select
    sk,
    k,
    s,
    c,
    co,
    case
        when has_entry_error and error_no <= 2 then 'return'
        when has_entry_error then 'price'
        when draw < 0.012 then 'return'
        when draw < 0.020 then 'price'
        else 'commercial'
    end as reason,
    shipped_at,
    case
        when (has_entry_error and error_no <= 2) or draw < 0.012
            then after_work(co, shipped_at, 1500 + 5000 * u('comes back', sk))
    end::timestamp as returned_at
from drawn
where draw < 0.025 or (has_entry_error and s = 1 and error_no <= 4 and u('credited', sk) < 0.6);

-- Transfers: deliveries, their returns, and samples that nobody ordered.
create table life.picking as
select
    sk * 10 as pk,
    'delivery' as kind,
    shipment.k, s, shipment.c, shipment.co, shipment.born_at,
    case
        when shipped_at is not null
            then greatest(shipment.born_at, after_work(shipment.co, shipped_at, -60 - 400 * u('ready', sk)))
    end::timestamp as ready_at,
    shipped_at as done_at,
    shipment.cancelled_at,
    shipment.picker,
    case when s > 1 then (sk - 1) * 10 end as backorder_of,
    null::bigint as return_of,
    coalesce(shipped_at, shipment.cancelled_at) as planned_at
from life.shipment
union all
select
    sk * 10 + 1, 'return', k, s, c, co, after_work(co, returned_at, -300)::timestamp, null,
    returned_at, null, pick(getvariable('logisticians')[co], 'return picker', sk), null, sk * 10,
    returned_at
from life.credit
where returned_at is not null
union all
select
    sk * 10 + 2, 'sample', k, s, c, co, after_work(co, born_at, 30)::timestamp, null,
    after_work(co, born_at, 400)::timestamp, null, picker, null, null,
    after_work(co, born_at, 400)::timestamp
from life.shipment
where s = 1 and u('sample', sk) < 0.012;

-- Lines of transfers. What an order's first shipment leaves behind moves on to the next one.
create table life.stock_move as
select
    portion.k * 1000000 + portion.s * 100000 + portion.l as mk,
    shipment.sk * 10 as pk,
    portion.lk,
    portion.p,
    portion.s,
    portion.nth,
    portion.part,
    portion.remaining,
    case
        when nth = 1 then sale.confirmed_at
        when previous_s = 1 then sale.shipped_1_at
        else sale.shipped_2_at
    end as born_at,
    shipment.shipped_at as done_at,
    shipment.cancelled_at,
    case when nth = 1 then 1 else previous_s + 1 end as first_s,
    case when portion.s > 1 then sale.shipped_1_at end as moved_1_at,
    case when portion.s > 2 then sale.shipped_2_at end as moved_2_at,
    null::bigint as returned_mk,
    'delivery' as kind
from life.portion
inner join life.shipment on portion.k = shipment.k and portion.s = shipment.s
inner join life.sale on portion.k = sale.k
union all
select
    portion.k * 1000000 + portion.s * 100000 + 99000 + portion.l, picking.pk, portion.lk, portion.p,
    portion.s, 1, portion.part, portion.part, picking.born_at, picking.done_at, null, portion.s,
    null, null, portion.k * 1000000 + portion.s * 100000 + portion.l, 'return'
from life.picking
inner join life.portion on picking.k = portion.k and picking.s = portion.s
where picking.kind = 'return'
qualify row_number() over (partition by picking.pk order by portion.l) = 1
union all
select
    picking.k * 1000000 + 90000, picking.pk, null, portion.p, 1, 1, 1, 1, picking.born_at,
    picking.done_at, null, 1, null, null, null, 'sample'
from life.picking
inner join life.portion on picking.k = portion.k and picking.s = portion.s
where picking.kind = 'sample'
qualify row_number() over (partition by picking.pk order by portion.l) = 1;

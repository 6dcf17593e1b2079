-- Purchases and stock as they stand at the instant projected.
create view odoo.purchase_order as
select
    purchase_id as id,
    'BC' || lpad(purchase_id::varchar, 6, '0') as name,
    case when bool_and(happened(received_at)) then 'done' else 'purchase' end as state,
    number.co as company_id,
    1 + 5 * (number.co - 1) as picking_type_id,
    greatest(
        number.born_at, case when bool_and(happened(received_at)) then max(received_at) end
    ) as write_date
from life.purchase_number as number
inner join life.purchase using (ok)
where happened(number.born_at)
group by purchase_id, number.co, number.born_at;

create view odoo.purchase_order_line as
select
    line_id as id,
    purchase_id as order_id,
    p as product_id,
    quantity as product_qty,
    case when happened(received_at) then quantity else 0 end as qty_received,
    planned_at as date_planned,
    case when orders.state = 'done' then 'done' else 'purchase' end as state,
    purchase.co as company_id,
    greatest(purchase.born_at, seen(received_at), orders.write_date) as write_date
from life.purchase
inner join life.purchase_line_number using (bk)
inner join life.purchase_number on purchase.ok = purchase_number.ok
inner join odoo.purchase_order as orders on purchase_number.purchase_id = orders.id
where happened(purchase.born_at);

-- Stock starts full enough that most demand is met; what goes out and comes in moves it.
create view odoo.stock_quant as
with movements as (
    select p, co, -part as quantity, done_at as moment
    from (
        select stock_move.p, picking.co, stock_move.done_at,
            case stock_move.kind when 'return' then -part else part end as part
        from life.stock_move
        inner join (select pk, co from life.picking) as picking using (pk)
    )
    where happened(done_at)
    union all
    select p, co, quantity, received_at from life.purchase where happened(received_at)
),

moved as (
    select p, co, sum(quantity) as quantity, max(moment) as changed_at
    from movements
    group by p, co
),

reserved as (
    select stock_move.p, picking.co, sum(part) as quantity, max(picking.ready_at) as changed_at
    from life.stock_move
    inner join (select pk, co, ready_at from life.picking) as picking using (pk)
    where happened(picking.ready_at) and not happened(done_at) and not happened(cancelled_at)
    group by stock_move.p, picking.co
)

select
    2 * product.p + companies.co - 2 as id,
    product.p as product_id,
    case companies.co when 1 then 8 else 18 end as location_id,
    greatest(0, 40 + (product.p * 7919) % 160 + coalesce(moved.quantity, 0)) as quantity,
    coalesce(reserved.quantity, 0) as reserved_quantity,
    companies.co as company_id,
    greatest(product.born_at, moved.changed_at, reserved.changed_at) as write_date
from life.product
cross join (values (1), (2)) as companies (co)
left join moved on product.p = moved.p and companies.co = moved.co
left join reserved on product.p = reserved.p and companies.co = reserved.co
where product.range_no > 0 and happened(product.born_at);

create view odoo.product_pricelist_item as
select
    row_number() over (order by ak) as id,
    list as pricelist_id,
    p as product_tmpl_id,
    p as product_id,
    null::int as categ_id,
    '1_product' as applied_on,
    minimum_quantity as min_quantity,
    'fixed' as compute_price,
    agreed as fixed_price,
    null::decimal(18, 4) as percent_price,
    since as date_start,
    null::timestamp as date_end,
    getvariable('start')::timestamp as write_date
from life.price_agreement;

create view odoo.credit_control_line as
select
    reminder_id as id,
    local_time(sent_at)::date as date,
    local_time(sent_at)::date as date_sent,
    customer.partner_id,
    number.line_id as move_line_id,
    level as policy_level_id,
    case level when 3 then 'letter' else 'email' end as channel,
    'sent' as state,
    reminder.company_open as amount_due,
    reminder.company_open as balance_due,
    reminder.co as company_id,
    sent_at as write_date
from life.reminder
inner join life.customer on reminder.payer = customer.c
inner join life.entry_line_number as number
    on reminder.mk = number.mk and 100 + reminder.no = number.seq
where happened(sent_at);

-- EDI orders as they arrived; some could not be read at first.
create view odoo.edi_exchange_record as
select
    row_number() over (order by received_at, k) as id,
    'ORDERS-' || k as identifier,
    case
        when happened(born_at) then 'input_processed'
        when edi_error then 'input_processed_error'
        else 'input_received'
    end as edi_exchange_state,
    'input' as direction,
    received_at as exchanged_on,
    case when happened(born_at) then 'sale.order' end as model,
    case when happened(born_at) then order_id end as res_id,
    case when edi_error then 'Unknown product code in line 2' end as exchange_error,
    co as company_id,
    received_at as create_date,
    coalesce(seen(born_at), received_at) as write_date
from life.sale
inner join life.sale_number using (k)
where channel = 'edi' and happened(received_at);

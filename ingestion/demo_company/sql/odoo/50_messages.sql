-- What Odoo logs about orders, transfers and invoices: one row per message, with the change that
-- it tells of, when it tells of one. Order of birth gives the identifiers.
create view odoo.log as
with orders as (
    select sale.*, sale_number.order_id, sale_number.name, customer.collector
    from life.sale
    inner join life.sale_number using (k)
    inner join life.customer on sale.c = customer.c
    where happened(sale.born_at)
),

order_events as (
    select order_id, name, quote_sent_at as moment, entered_by as actor, 'notification' as message_type,
        null as subject, 1 as field, 'Quotation' as old, 'Quotation Sent' as new, 11 as step
    from orders
    union all
    select order_id, name, confirmed_at,
        case when is_touchless then entered_by
            when u('validator', k) < 0.85 then entered_by else pick(getvariable('managers')[co], 'validator', k) end,
        'notification', null, 1, case when quote_sent_at is null then 'Quotation' else 'Quotation Sent' end,
        'Sales Order', 12
    from orders
    union all
    select order_id, name, coalesce(lost_at, order_cancelled_at), salesperson, 'notification', null, 1,
        case when order_cancelled_at is null then 'Quotation Sent' else 'Sales Order' end, 'Cancelled', 13
    from orders
    union all
    select order_id, name, coalesce(lost_at, order_cancelled_at) + interval 1 minute, salesperson, 'notification',
        case when lost_at is not null
            then 'Lost: ' || pick(['price', 'delay', 'competitor', 'project stopped'], 'lost', k)
            else 'Cancelled by ' || case when u('cancelled by', k) < 0.7 then 'the customer' else 'us' end
        end, null, null, null, 14
    from orders
    union all
    select order_id, name, held_at, 1, 'notification', null, 3, '0', '1', 15 from orders
    union all
    select order_id, name, released_at, collector, 'notification', null, 3, '1', '0', 16 from orders
    where held_at is not null
    union all
    select order_id, name, acknowledged_at, entered_by, 'comment', 'Order acknowledgement ' || name,
        null, null, null, 17
    from orders
    where not is_cancelled
    union all
    select order_id, name, quote_sent_at + interval 1 minute, entered_by, 'comment',
        'Quotation ' || name, null, null, null, 18
    from orders
    union all
    select order_id, name, postponed_at, pick(getvariable('logisticians')[co], 'postpones', k),
        'notification', null, 2, strftime(promise_1, '%Y-%m-%d %H:%M:%S'),
        strftime(promise_2, '%Y-%m-%d %H:%M:%S'), 19
    from orders
    union all
    select order_id, name, postponed_at + interval 40 minute, entered_by, 'comment',
        'Delivery date changed ' || name, null, null, null, 20
    from orders
    where u('customer told', k) < 0.7
    union all
    select order_id, name, confirmed_at + interval 3 hour, entered_by, 'notification', null, 4,
        round(goods * (1 + 0.05 * z('corrected by', k)), 2)::varchar, goods::varchar, 21
    from orders
    where has_entry_error and error_no > 4 and not is_cancelled
),

transfer_events as (
    select picking_id, name, ready_at as moment, picker as actor, 'notification' as message_type,
        null as subject, 6 as field, 'Waiting' as old, 'Ready' as new, 31 as step
    from life.picking
    inner join life.picking_number using (pk)
    where happened(born_at)
    union all
    select picking_id, name, done_at, picker, 'notification', null, 6,
        case when ready_at is null then 'Waiting' else 'Ready' end, 'Done', 32
    from life.picking
    inner join life.picking_number using (pk)
    union all
    select picking_id, name, cancelled_at, picker, 'notification', null, 6, 'Waiting', 'Cancelled', 33
    from life.picking
    inner join life.picking_number using (pk)
),

invoice_events as (
    select move_id, name, posted_at as moment, created_by as actor, 'notification' as message_type,
        null as subject, 7 as field, 'Draft' as old, 'Posted' as new, 41 as step
    from life.invoice
    inner join life.move_number using (mk)
    union all
    select move_id, name, sent_at, created_by, 'comment', 'Invoice ' || name, null, null, null, 42
    from life.invoice
    inner join life.move_number using (mk)
),

events as (
    select 'sale.order' as model, order_id as res_id, * exclude (order_id) from order_events
    union all
    select 'stock.picking', * from transfer_events
    union all
    select 'account.move', * from invoice_events
)

-- Numbered before the logs of deleted quotes are left out, so that no number changes.
select *
from (
    select row_number() over (order by moment, model, res_id, step) as id, events.*
    from events
    where happened(moment)
)
where
    model <> 'sale.order'
    or res_id not in (
        select order_id
        from life.sale
        inner join life.sale_number using (k)
        where happened(deleted_at)
    );

create view odoo.mail_message as
select
    id,
    model,
    res_id,
    100 + actor as author_id,
    moment as date,
    message_type,
    subject,
    actor as create_uid,
    moment as write_date
from odoo.log;

create view odoo.mail_tracking_value as
select
    id,
    id as mail_message_id,
    field as field_id,
    case when field = 3 then old::int end as old_value_integer,
    case when field = 4 then old::double end as old_value_float,
    case when field not in (2, 3, 4) then old end as old_value_char,
    case when field = 2 then old::timestamp end as old_value_datetime,
    case when field = 3 then new::int end as new_value_integer,
    case when field = 4 then new::double end as new_value_float,
    case when field not in (2, 3, 4) then new end as new_value_char,
    case when field = 2 then new::timestamp end as new_value_datetime,
    moment as write_date
from odoo.log
where field is not null;

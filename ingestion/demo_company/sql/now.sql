-- What several views need at the instant projected, computed once for it.
create schema if not exists now;

-- Matches in force at the instant projected, and what they leave open on each line.
create or replace table now.match as
select match.*, match_number.match_id
from life.match
inner join life.match_number using (debit_mk, debit_seq, credit_mk, credit_seq)
where happened(match.born_at) and not happened(undone_at);

create or replace table now.matched_line as
select
    mk, seq, sum(amount)::decimal(18, 2) as amount,
    sum(company_amount)::decimal(18, 2) as company_amount, max(changed_at) as changed_at,
    max(circle) as circle
from (
    select
        debit_mk as mk, debit_seq as seq,
        case when happened(undone_at) then 0 else amount end as amount,
        case when happened(undone_at) then 0 else company_amount end as company_amount,
        greatest(born_at, seen(undone_at)) as changed_at,
        case when not happened(undone_at) then circle end as circle
    from life.match
    where happened(born_at)
    union all
    select
        credit_mk, credit_seq,
        case when happened(undone_at) then 0 else -amount end,
        case when happened(undone_at) then 0 else -company_amount end,
        greatest(born_at, seen(undone_at)),
        case when not happened(undone_at) then circle end
    from life.match
    where happened(born_at)
)
group by mk, seq;

-- Circles in which nothing is left open, with the day that closed them.
create or replace table now.closed_circle as
with lines as (
    select matched_line.circle, sum(abs(line.balance - matched_line.company_amount)) as open_amount
    from now.matched_line
    inner join life.entry_line as line using (mk, seq)
    where matched_line.circle is not null
    group by matched_line.circle
)

select circle, max(match_id) as full_id, max(max_date) as closed_on
from now.match
inner join lines using (circle)
where open_amount = 0
group by circle;

-- Where each Italian electronic invoice stands: sent to the exchange, delivered, or rejected and
-- sent again a few days later. The first one posted on or after 24 June 2026 stays rejected.
create or replace table now.einvoice as
with italian as (
    select
        ik, posted_at, date, u('einvoice', ik) < 0.006 as was_rejected,
        row_number() over (
            partition by posted_at >= timestamp '2026-06-24' order by posted_at, ik
        ) = 1 and posted_at >= timestamp '2026-06-24' and kind = 'invoice' as stays_rejected
    from life.invoice
    where co = 2 and country = 'IT'
),

told as (
    select
        *,
        posted_at + to_minutes(90) as processing_at,
        case when not was_rejected and not stays_rejected
            then posted_at + to_minutes(180 + (1200 * u('exchange', ik))::bigint) end as delivered_at,
        case when was_rejected or stays_rejected
            then posted_at + to_minutes(240 + (1200 * u('exchange', ik))::bigint) end as rejected_at,
        case when was_rejected and not stays_rejected
            then posted_at + to_minutes(2880 + (3000 * u('resent', ik))::bigint) end as resent_at
    from italian
)

select
    ik,
    case
        when happened(resent_at) or happened(delivered_at) then 'forwarded'
        when happened(rejected_at) then 'rejected'
        when happened(processing_at) then 'processing'
        else 'being_sent'
    end as state,
    greatest(
        posted_at, seen(processing_at), seen(delivered_at), seen(rejected_at), seen(resent_at)
    ) as changed_at
from told
where happened(posted_at);

-- What Odoo logs about orders, transfers and invoices: one row per message, with the change that
-- it tells of, when it tells of one. Order of birth gives the identifiers.
create or replace table now.event as
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

select * from events
where happened(moment);

-- Numbered before the logs of deleted quotes are left out, so that no number changes. A window over
-- all events in order would hold them in memory; sorted first, they are numbered as they pass.
create or replace table now.log as
select *
from (
    select row_number() over () as id, sorted.*
    from (
        select * from now.event
        order by moment, model, res_id, step
    ) as sorted
)
where
    model <> 'sale.order'
    or res_id not in (
        select order_id
        from life.sale
        inner join life.sale_number using (k)
        where happened(deleted_at)
    );

drop table now.event;

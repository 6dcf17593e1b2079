-- Claims: one row each, about a shipment.
create table life.claim as
with candidates as (
    select
        shipment.sk, shipment.k, shipment.s, shipment.c, shipment.co, shipment.shipped_at,
        sale.team, sale.has_entry_error, sale.error_no, sale.promise_1, credit.reason as credit_reason,
        shipment.shipped_at > sale.promise_1 + interval 12 hour as was_late
    from life.shipment
    inner join life.sale using (k)
    left join life.credit on shipment.sk = credit.sk
    where shipment.shipped_at is not null
),

reasoned as (
    select
        *,
        case
            when credit_reason is not null and has_entry_error and u('claims error', sk) < 0.8
                then 'order entry error'
            when credit_reason = 'price' and u('claims', sk) < 0.8 then 'price error'
            when credit_reason = 'return' and u('claims', sk) < 0.8
                then pick(['damaged goods', 'wrong item', 'quality defect', 'return request'], 'why', sk)
            when was_late and u('claims', sk) < 0.12 then 'late delivery'
            when u('claims', sk) < 0.018
                then pick([
                    'missing item', 'wrong quantity', 'invoice error', 'missing documents',
                    'damaged goods', 'quality defect'
                ], 'why', sk)
        end as reason
    from candidates
),

opened as (
    select
        *,
        after_work(co, shipped_at, 300 + 3500 * pow(u('claim opened', sk), 2))::timestamp as opened_at,
        case when team = 2 and shipped_at > timestamp '2026-01-01' then 2.2 else 1 end as slowness,
        pick(getvariable('agents')[team], 'claim owner', sk) as owner
    from reasoned
    where reason is not null
),

answered as (
    select
        *,
        after_work(co, opened_at, slowness * (20 + 900 * pow(u('answer', sk), 2)))::timestamp
            as answered_at
    from opened
),

waited as (
    select
        *,
        case when u('waits', sk) < 0.3 then after_work(co, answered_at, 60) end::timestamp
            as waiting_at,
        case when u('waits', sk) < 0.3 then after_work(co, answered_at, 600 + 3000 * u('wait', sk)) end
            ::timestamp as informed_at
    from answered
),

resolved as (
    select
        *,
        after_work(
            co, coalesce(informed_at, answered_at), slowness * (60 + 6000 * pow(u('resolution', sk), 2))
        )::timestamp as resolved_at
    from waited
),

closed as (
    select *, after_work(co, resolved_at, 540 + 1000 * u('closing', sk))::timestamp as closed_at
    from resolved
)

select
    *,
    row_number() over (order by opened_at, sk) as claim_no,
    case when u('reopens', sk) < 0.06 then after_work(co, closed_at, 1000) end::timestamp as reopened_at,
    case when u('reopens', sk) < 0.06 then after_work(co, closed_at, 3000) end::timestamp
        as resolved_again_at,
    case when u('reopens', sk) < 0.06 then after_work(co, closed_at, 3600) end::timestamp
        as closed_again_at,
    pick(['Email', 'Email', 'Phone', 'Web'], 'claim channel', sk) as origin,
    case when u('cost', sk) < 0.5 then round(15 + 90 * u('cost amount', sk), 2) end::decimal(18, 2)
        as cost
from closed;

create table life.claim_step as
select sk, 1 as step, answered_at as moment, 'New' as old, 'In Progress' as new from life.claim
union all
select sk, 2, waiting_at, 'In Progress', 'Waiting Customer' from life.claim where waiting_at is not null
union all
select sk, 3, informed_at, 'Waiting Customer', 'In Progress' from life.claim where waiting_at is not null
union all
select sk, 4, resolved_at, 'In Progress', 'Resolved' from life.claim
union all
select sk, 5, closed_at, 'Resolved', 'Closed' from life.claim
union all
select sk, 6, reopened_at, 'Closed', 'Reopened' from life.claim where reopened_at is not null
union all
select sk, 7, resolved_again_at, 'Reopened', 'Resolved' from life.claim where reopened_at is not null
union all
select sk, 8, closed_again_at, 'Resolved', 'Closed' from life.claim where reopened_at is not null;

-- Contacts with customers: calls and e-mails about orders.
create table life.contact as
with drawn as (
    select
        sale.k, sale.co, sale.c, sale.team, sale.born_at, sale.promise_1,
        sale.shipped_1_at > sale.promise_1 + interval 12 hour as is_late,
        unnest([1, 2]) as nth
    from life.sale
),

timed as (
    select
        *,
        k * 10 + nth as ck,
        case
            when nth = 1 and is_late and u('asks where', k) < 0.4
                then after_work(co, promise_1, 60 + 500 * u('asks', k))
            when nth = 2 and u('calls', k) < 0.25
                then after_work(co, born_at, 30 + 4000 * u('asks again', k))
        end::timestamp as moment
    from drawn
)

select
    *,
    row_number() over (order by moment, ck) as contact_no,
    case
        when nth = 1 then 'where is my order'
        else pick(['price', 'delivery', 'invoice', 'product', 'order status', 'other'], 'topic', ck)
    end as topic,
    case when u('by phone', ck) < 0.7 then 'Call' else 'Email' end as kind,
    pick(getvariable('agents')[team], 'answers', ck) as agent
from timed
where moment is not null;

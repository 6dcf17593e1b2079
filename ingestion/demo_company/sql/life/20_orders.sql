-- Requests: when each customer asks for something. Each customer's intervals add up on an axis of
-- demand, which the calendar turns into days: so seasons, holidays and growth come for free, and a
-- longer history only adds rows.
create table life.request as
with counted as (
    select
        c, co, mean_gap,
        unnest(range(1, ceil(getvariable('whole_demand')[co] / mean_gap * 1.5 + 14)::bigint)) as n
    from life.customer
),

spaced as (
    select
        *,
        c * 100000 + n as k,
        mean_gap * -ln(greatest(
            u('gap 1', c * 100000 + n) * u('gap 2', c * 100000 + n) * u('gap 3', c * 100000 + n),
            1e-12
        )) / 3 as gap
    from counted
),

placed as (
    select
        c, co, n, k, u('phase', c) * mean_gap + sum(gap) over (partition by c order by n) as demand
    from spaced
),

dated as (
    select *
    from (select *, demand_day(co, demand) as day from placed)
    where day <= getvariable('until')
),

channelled as (
    select
        dated.*,
        customer.team,
        customer.agent as usual_agent,
        customer.salesperson,
        customer.credit_risk,
        customer.pays_deposits,
        case
            when dated.day >= customer.edi_from and u('uses edi', k) < 0.92 then 'edi'
            when dated.day >= customer.web_from and u('uses web', k) < 0.85 then 'webshop'
            when u('channel', k) < 0.50 then 'email'
            when u('channel', k) < 0.78 then 'telephone'
            when u('channel', k) < 0.90 then 'field'
            else 'manual'
        end as channel
    from dated
    inner join life.customer using (c)
    where
        dated.day >= customer.opened_on
        and (customer.leaves_on is null or dated.day < customer.leaves_on)
        and (customer.insolvent_on is null or dated.day < customer.insolvent_on)
        and (
            customer.away_from is null
            or dated.day not between customer.away_from and customer.away_until
        )
        and (
            customer.persona <> 'seasonal' or month(dated.day) between 3 and 6
            or u('off season', k) < 0.04
        )
)

select
    k, c, co, n, day, team, channel, credit_risk, pays_deposits, salesperson,
    utc(
        day,
        case
            when channel in ('edi', 'webshop') then 300 + 900 * u('minute', k)
            else 480 + 580 * (u('minute', k) + u('minute again', k)) / 2
        end
    )::timestamp as received_at,
    case
        when channel = 'edi' then 2
        when channel = 'webshop' then 3
        when u('acting agent', k) < 0.75 then usual_agent
        else pick(getvariable('agents')[team], 'other agent', k)
    end as entered_by,
    channel in ('email', 'telephone', 'field', 'manual') and u('quote', k) < 0.40 as is_quote,
    channel = 'edi' and u('edi error', k) < 0.03 as edi_error
from channelled;

-- Lines of requests: what is asked for, and which shipment it leaves with.
create table life.line as
with counted as (
    select *, unnest(range(1, 2 + floor(6 * pow(u('lines', k), 1.4))::bigint)) as l
    from life.request
),

keyed as (
    select *, k * 100 + l as lk from counted
),

candidates as (
    select
        *,
        1 + floor(getvariable('products') * pow(u('product', lk), 1.7))::bigint as first_choice,
        1 + floor(getvariable('products') * pow(u('other product', lk), 1.7))::bigint as second_choice,
        -- Declining ranges lose up to three quarters of their sales from the spring of 2025 on;
        -- growing ones start from a third.
        greatest(0, least(0.75, datediff('day', date '2025-03-01', day) / 500.0)) as decline,
        greatest(0, least(0.67, datediff('day', day, date '2026-02-01') / 1000.0)) as immaturity
    from keyed
),

chosen as (
    select
        *,
        case
            when l = 1 and n <= 2 and u('entry product', lk) < 0.45 then 7
            when getvariable('range_of')[first_choice] = -1 and u('declines', lk) < decline
                then second_choice
            when getvariable('range_of')[first_choice] = 1 and u('grows', lk) < immaturity
                then second_choice
            else first_choice
        end as p
    from candidates
),

priced as (
    select
        chosen.k, chosen.lk, chosen.l, chosen.c, chosen.co, chosen.n, chosen.day, product.p,
        greatest(1, round(exp(ln(260 / product.price) * 0.6 + 0.8 * z('quantity', lk))))
            ::decimal(10, 0) as quantity,
        round(product.price * (case year(chosen.day)
            when 2023 then 1.00 when 2024 then 1.03 when 2025 then 1.055 else 1.08 end)
            ::decimal(6, 3), 2)::decimal(12, 2) as price,
        case when product.is_loss_leader then 0 else customer.discount end::decimal(5, 2) as discount
    from chosen
    inner join life.product
        on product.p = case
            when getvariable('launched_on')[chosen.p] > chosen.day then 1 + chosen.p % 6 else chosen.p
        end
    inner join life.customer on chosen.c = customer.c
)

select
    *,
    round(quantity * price * (1 - discount * 0.01), 2)::decimal(18, 2) as amount,
    u('portion', lk) as portion
from priced;

-- Requests as sales orders: everything that ever happens to each, with the shipments' instants.
create table life.sale as
with lines as (
    select k, sum(amount) as goods, sum(quantity) as pieces, count(*) as line_count
    from life.line
    group by k
),

entered as (
    select
        request.*,
        lines.* exclude (k),
        goods < 250 as has_freight,
        case
            when channel = 'edi' and edi_error
                then after_work(co, received_at, 60 + 400 * u('edi fix', k))
            when channel = 'edi' then received_at + interval 3 minute
            when channel = 'webshop' then received_at + interval 1 minute
            when channel = 'telephone' then received_at + to_minutes(5 + (10 * u('entry', k))::bigint)
            else after_work(
                co, received_at,
                30 * exp(1.2 + 0.8 * z('entry', k))
                -- The overloaded team falls behind from November 2025 on.
                * case when team = 2 then 1 + greatest(
                    0, least(6, datediff('day', date '2025-11-01', day) / 30.0)
                ) else 1 end
            )
        end::timestamp as born_at
    from life.request
    inner join lines using (k)
),

quoted as (
    select
        *,
        case
            when not is_quote then 'order'
            when u('quote fate', k) < 0.45 then 'won'
            when u('quote fate', k) < 0.75 then 'lost'
            when u('quote fate', k) < 0.94 then 'expired'
            else 'deleted'
        end as fate,
        not is_quote and channel not in ('edi', 'webshop') and u('hold', k) < 0.04
            or not is_quote and credit_risk > 0.9 and u('hold', k) < 0.12 as is_held,
        channel in ('edi', 'webshop') and not edi_error and u('touched', k) < 0.82 as is_touchless,
        pays_deposits and u('deposit', k) < 0.6 and goods > 300 as has_deposit
    from entered
),

sent as (
    select
        *,
        case
            when fate in ('won', 'lost', 'expired')
                then after_work(co, born_at, 20 + 400 * pow(u('quote time', k), 2))
        end::timestamp as quote_sent_at,
        case when is_held then after_work(co, born_at, 5) end::timestamp as held_at,
        case when is_held then after_work(co, born_at, 60 + 2400 * pow(u('hold time', k), 2)) end
            ::timestamp as released_at
    from quoted
),

decided as (
    select
        *,
        case
            when fate = 'won'
                then after_work(co, quote_sent_at, 200 + 9000 * pow(u('decision', k), 2))
            when fate <> 'order' then null
            when is_held then after_work(co, released_at, 15)
            when is_touchless then born_at + interval 2 minute
            else after_work(co, born_at, 10 + 300 * pow(u('validation', k), 2))
        end::timestamp as confirmed_at,
        case
            when fate = 'lost' then after_work(co, quote_sent_at, 1000 + 14000 * u('decision', k))
        end::timestamp as lost_at,
        case when fate = 'deleted' then after_work(co, born_at, 3000 + 5000 * u('decision', k)) end
            ::timestamp as deleted_at
    from sent
),

promised as (
    select
        *,
        confirmed_at is not null and u('cancelled', k) < 0.02 and not has_deposit as is_cancelled,
        2 + floor(5 * u('lead', k))::bigint as lead_days,
        case
            when confirmed_at is null then 0
            when has_deposit or pieces < 2 then 1
            when u('split', k) < 0.02 then 3
            when u('split', k) < 0.14 then 2
            else 1
        end as drawn_shipments,
        case when has_deposit then after_work(co, confirmed_at, 40) end::timestamp as deposit_at
    from decided
),

deposits as (
    select
        *,
        local_time(confirmed_at)::date as confirmed_on,
        work_day(co, local_time(confirmed_at)::date, lead_days) as promised_on,
        case when has_deposit then work_day(co, local_time(deposit_at)::date, 2 + 7 * u('deposit paid', k))
        end as deposit_paid_on
    from promised
),

shipping as (
    select
        *,
        case when is_cancelled then 1 else drawn_shipments end as wanted_shipments,
        u('postponed', k) < 0.07 and not is_cancelled and not has_deposit as is_postponed,
        case
            when has_deposit then work_day(co, deposit_paid_on, 2 + 3 * u('late days', k))
            when u('late', k) < 0.86 then work_day(co, confirmed_on, greatest(1, lead_days - (u('late days', k) < 0.4)::int))
            else work_day(co, confirmed_on, lead_days + 1 + 5 * u('late days', k))
        end as shipped_on
    from deposits
),

shipped as (
    select
        *,
        case when confirmed_at is not null and not is_cancelled then utc(shipped_on, 780 + 200 * u('ship hour', k)) end
            ::timestamp as planned_1
    from shipping
)

select
    shipped.* exclude (planned_1, shipped_on, credit_risk, pays_deposits, drawn_shipments),
    planned_1 as shipped_1_at,
    case
        when wanted_shipments >= 2
            then utc(work_day(co, shipped_on, 3 + 12 * u('second', k)), 780 + 200 * u('hour 2', k))
    end::timestamp as shipped_2_at,
    case
        when wanted_shipments >= 3
            then utc(work_day(co, shipped_on, 17 + 8 * u('third', k)), 780 + 200 * u('hour 3', k))
    end::timestamp as shipped_3_at,
    wanted_shipments >= 2 and u('short', k) < 0.10 as closes_short,
    case when is_cancelled then after_work(co, confirmed_at, 60 + 400 * u('cancel', k)) end
        ::timestamp as order_cancelled_at,
    utc(promised_on, 720)::timestamp as promise_1,
    case when is_postponed then utc(work_day(co, promised_on, -1), 600) end::timestamp as postponed_at,
    case when is_postponed then utc(work_day(co, promised_on, 3 + 4 * u('new promise', k)), 720) end
        ::timestamp as promise_2,
    case when channel in ('edi', 'webshop') then born_at + interval 5 minute
        else after_work(co, confirmed_at, 10 + 60 * u('acknowledged', k)) end::timestamp
        as acknowledged_at,
    channel in ('email', 'telephone', 'field', 'manual') and fate in ('order', 'won')
        and u('entry error', k) < 0.03 as has_entry_error,
    1 + floor(9 * pow(u('error type', k), 1.6))::bigint as error_no,
    coalesce(payer.payer, shipped.c) as payer
from shipped
left join life.payer on shipped.c = payer.c
order by k;

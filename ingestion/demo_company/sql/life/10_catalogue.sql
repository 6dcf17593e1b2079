-- Products: one row each. Low numbers sell more.
create table life.product as
with drawn as (
    select
        p,
        family.*,
        p = 7 as is_loss_leader,
        round(exp(3.6 + 0.9 * z('price', p)), 2) as price,
        0.52 + 0.24 * u('cost', p) as cost_share,
        case
            when p > 7 and u('launched', p) < 0.12
                then cast(getvariable('start') + to_days((u('launch day', p) * 1000)::int) as date)
            else cast(getvariable('start') - to_days(200 + (u('launch day', p) * 2000)::int) as date)
        end as launched_on,
    from range(1, getvariable('products') + 1) as numbers (p)
    inner join (select *, row_number() over (order by family_id) - 1 as position from life.family)
        as family
        on family.position = case when p = 7 then 15 else (p * 7) % 24 end
)

select
    p,
    family_id,
    range_no,
    range_name,
    family,
    trend,
    range_code || '-' || lpad(p::varchar, 4, '0') as code,
    family || ' ' || range_code || ' ' || (100 + p)::varchar as name,
    is_loss_leader,
    least(greatest(case when is_loss_leader then 9.90 else price end, 2.50), 900)::decimal(12, 2)
        as price,
    case
        when is_loss_leader then 10.60
        else least(greatest(price, 2.50), 900) * cost_share
    end::decimal(12, 2) as cost,
    launched_on,
    (launched_on + interval 9 hour)::timestamp as born_at
from drawn;

-- Freight is a service, billed on small orders.
insert into life.product
select
    getvariable('products') + 1, 0, 0, 'Services', 'Transport', 0, 'PORT', 'Transport', false,
    18.00, 0.00, getvariable('start') - to_days(2000), getvariable('start') - to_days(2000);

set variable range_of = (
    select list(trend order by p) from life.product where range_no > 0
);

set variable launched_on = (
    select list(launched_on order by p) from life.product where range_no > 0
);

-- Customers: one row each, with their habits. `slot` gives one in fifty a part to play.
create table life.customer as
with drawn as (
    select
        c,
        (c - 1) % 50 as slot,
        case
            when (c - 1) % 50 in (5, 6) then 2
            when (c - 1) % 50 = 10 then 1
            when u('company', c) < 0.58 then 1
            else 2
        end as co,
    from range(1, getvariable('customers') + 1) as numbers (c)
),

persons as (
    select
        *,
        case
            when slot in (0, 1) then 'leaving'
            when slot in (2, 3) then 'slipping'
            when slot = 4 then 'punctual'
            when slot in (5, 6) then 'public'
            when slot = 7 then 'seasonal'
            when slot = 8 then 'won_back'
            when slot = 9 then 'insolvent'
            when slot = 10 then 'group_head'
            when u('new', c) < 0.12 then 'new'
            else 'regular'
        end as persona
    from drawn
),

habits as (
    select
        *,
        case
            when persona = 'public' then 'IT'
            when co = 1 and u('country', c) < 0.92 then 'FR'
            when co = 1 then 'BE'
            when u('country', c) < 0.90 then 'IT'
            else 'CH'
        end as country,
        case
            when persona in ('leaving', 'slipping', 'punctual', 'won_back', 'insolvent')
                then (9 + 5 * u('gap', c)) * least(getvariable('sparseness'), 3)
            else least(greatest(25 * exp(0.65 * z('gap', c)), 6), 150) * getvariable('sparseness')
        end as mean_gap,
        case
            when persona in ('public', 'punctual') then 2
            when persona = 'insolvent' then 4
            when persona = 'slipping' then case when u('term', c) < 0.5 then 2 else 4 end
            when u('term', c) < 0.32 then 2
            when u('term', c) < 0.55 then 3
            when u('term', c) < 0.74 then 4
            when u('term', c) < 0.83 then 5
            when u('term', c) < 0.91 then 6
            when u('term', c) < 0.95 then 1
            when co = 2 then case when u('term', c) < 0.985 then 7 else 8 end
            else 3
        end as drawn_term,
        case when co = 1 then 1 + (u('team', c) < 0.5)::int else 3 end as team,
        case
            when persona = 'new'
                then cast(getvariable('start') + to_days((u('opened', c) * 950)::int) as date)
            else cast(getvariable('start') - to_days(30 + (u('opened', c) * 2500)::int) as date)
        end as opened_on
    from persons
)

select
    c,
    co,
    slot,
    persona,
    10000 + 2 * c as partner_id,
    case when u('address', c) < 0.3 then 10001 + 2 * c end as delivery_partner_id,
    case co when 1 then 'CF' else 'CI' end || lpad(c::varchar, 6, '0') as number,
    case
        when persona = 'public'
            then 'Comune di ' || pick(getvariable('towns_it'), 'town', c)
        when co = 1
            then pick(getvariable('trades_fr'), 'trade', c)
                || ' ' || pick(getvariable('surnames_fr'), 'surname', c)
        else pick(getvariable('trades_it'), 'trade', c)
            || ' ' || pick(getvariable('surnames_it'), 'surname', c) || ' S.r.l.'
    end as name,
    country,
    case
        when country = 'BE' then 'Bruxelles'
        when country = 'CH' then 'Lugano'
        when co = 1 then pick(getvariable('towns_fr'), 'town', c)
        else pick(getvariable('towns_it'), 'town', c)
    end as town,
    case
        when country = 'BE' then '1000'
        when country = 'CH' then '6900'
        when co = 1 then pick(getvariable('zips_fr'), 'town', c)
        else pick(getvariable('zips_it'), 'town', c)
    end as zip,
    country || lpad(((c * 7919) % 100000000)::varchar, 8, '0') || (c % 10)::varchar as vat,
    lpad(((c * 104729) % 1000000000)::varchar, 9, '0') as registry,
    case when country = 'CH' then 'CHF' else 'EUR' end as currency,
    persona = 'public' as is_public,
    case
        when persona = 'public' then 4
        when persona = 'group_head' then 5
        else 1 + floor(3 * u('industry', c))::int
    end as industry,
    mean_gap,
    drawn_term as term,
    case
        when drawn_term in (1, 6) or country in ('BE', 'CH') or persona in ('public', 'punctual', 'slipping', 'insolvent')
            then 'transfer'
        when drawn_term = 5 then 'direct_debit'
        when co = 1 and u('instrument', c) < 0.28 then 'lcr'
        when co = 2 and u('instrument', c) < 0.48 then 'riba'
        when co = 1 and u('instrument', c) < 0.40 then 'cheque'
        when u('instrument', c) < 0.58 then 'direct_debit'
        else 'transfer'
    end as instrument,
    case
        when persona in ('punctual', 'slipping', 'leaving') then 0
        when persona = 'public' then 25
        else greatest(-2, 5 + 9 * z('late', c))
    end as late_mean,
    case persona when 'punctual' then 0 when 'slipping' then 1.2 else 1 + 5 * u('spread', c) end
        as late_spread,
    opened_on,
    (opened_on + interval 8 hour)::timestamp as born_at,
    case when persona = 'leaving' then date '2025-11-10' + (u('leaves', c) * 150)::int end
        as leaves_on,
    case when persona = 'slipping' then date '2025-08-15' + (u('slips', c) * 90)::int end
        as slips_from,
    case when persona = 'won_back' then date '2024-11-01' + (u('away', c) * 60)::int end
        as away_from,
    case when persona = 'won_back' then date '2025-09-01' + (u('back', c) * 60)::int end
        as away_until,
    case
        when persona = 'insolvent' then date '2025-03-01' + (u('insolvent', c) * 330)::int
    end as insolvent_on,
    case
        when u('edi', c) < 0.14 then date '2020-01-01'
        when u('edi', c) < 0.26 then getvariable('start') + (u('edi day', c) * 900)::int
    end::date as edi_from,
    case
        when u('edi', c) > 0.80 then date '2020-01-01'
        when u('edi', c) > 0.62 then getvariable('start') + (u('edi day', c) * 900)::int
    end::date as web_from,
    (floor(6 * u('discount', c)) * 2.5)::decimal(5, 2) as discount,
    case persona when 'public' then 0.0 else u('credit', c) end as credit_risk,
    u('depositor', c) < 0.06 and drawn_term <> 5 and country in ('FR', 'IT')
        and persona = 'regular' as pays_deposits,
    team,
    co - 1 + team as department,
    pick(getvariable('salespeople')[team], 'salesperson', c) as salesperson,
    case
        when u('moved', c) < 0.08
            then (getvariable('start') + to_days(100 + (u('moved day', c) * 900)::int))::timestamp
                + interval 9 hour
    end as moved_at,
    pick(getvariable('salespeople')[team], 'next salesperson', c) as next_salesperson,
    pick(getvariable('agents')[team], 'agent', c) as agent,
    pick(getvariable('collectors')[co], 'collector', c) as collector,
    1 + floor(8 * u('range', c))::int as favourite_range,
    (round(8000 * exp(0.8 * z('limit', c)) / 1000) * 1000 + 2000)::decimal(18, 2) as credit_limit
from habits;

-- Customers whose bills another company of their group pays.
create table life.payer as
select customer.c, head.c as payer
from life.customer
inner join life.customer as head on head.c = customer.c - customer.slot + 10 and head.co = customer.co
where customer.persona in ('regular', 'new') and customer.country = head.country
    and customer.instrument = 'transfer' and u('group member', customer.c) < 0.2;

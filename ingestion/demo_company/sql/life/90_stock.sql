-- Purchase orders: each week some products are bought from their suppliers.
create table life.purchase as
with weeks as (
    select co, day as ordered_on, datediff('week', date '2020-01-01', day) as week
    from life.calendar
    where dayofweek(day) = 3 and day between getvariable('start') and getvariable('until')
),

bought as (
    select
        weeks.co, weeks.week, weeks.ordered_on, product.p,
        (product.p * 10000 + weeks.week) * 10 + weeks.co as bk
    from weeks
    inner join life.product
        on u('bought', (product.p * 10000 + weeks.week) * 10 + weeks.co) < 0.03
            * least(1, 400.0 / getvariable('products')) * (1 + 3 * exp(-product.p / 40.0))
            and product.range_no > 0 and product.launched_on <= weeks.ordered_on
),

ordered as (
    select
        *,
        week * 10 + co as ok,
        utc(ordered_on, 600)::timestamp as born_at,
        (20 + floor(180 * u('bought quantity', bk)))::decimal(10, 0) as quantity,
        work_day(co, ordered_on, 8 + 15 * u('supplier', bk)) as planned_on
    from bought
)

select
    *,
    utc(planned_on, 600)::timestamp as planned_at,
    case when u('never comes', bk) < 0.01 then null
        when u('supplier late', bk) < 0.75 then utc(planned_on, 640)
        else utc(work_day(co, planned_on, 1 + 12 * u('supplier delay', bk)), 640)
    end::timestamp as received_at
from ordered;

create table life.purchase_number as
select ok, co, born_at, row_number() over (order by born_at, ok) as purchase_id
from (select distinct ok, co, born_at from life.purchase);

create table life.purchase_line_number as
select bk, row_number() over (order by born_at, bk) as line_id from life.purchase;

-- Reminders that the ERP sends: ten, thirty and forty-five days after the due date.
create table life.reminder as
with unpaid as (
    select
        intention.tk, intention.ik, intention.no, intention.mk, intention.co, intention.payer,
        intention.due_on, intention.open_amount, intention.company_open, intention.posted_at,
        case when intention.pay_on is null then date '2999-01-01' else settled.paid_on end as paid_on
    from life.intention
    left join (
        select tk, max(pay_on) as paid_on from life.settlement group by tk
    ) as settled using (tk)
    where
        intention.kind = 'invoice' and not intention.is_disputed and intention.open_amount > 20
        and intention.bill_on is null
),

levels as (
    select *, unnest([1, 2, 3]) as level from unpaid
),

sent as (
    select
        *,
        tk * 10 + level as dk,
        utc(
            work_day(co, due_on + case level when 1 then 10 when 2 then 30 else 45 end, 0), 580
        )::timestamp as sent_at
    from levels
)

select *, row_number() over (order by sent_at, dk) as reminder_id
from sent
where paid_on > local_time(sent_at)::date and sent_at > posted_at;

-- Prices negotiated: some customers' lists name a product; all lists have quantity breaks.
create table life.price_agreement as
select
    p * 10 + list as ak,
    list,
    p,
    case list when 1 then 1 when 2 then 2 else 2 end as co,
    price,
    case when u('agreed', p * 10 + list) < 0.5 then 1 else 50 end as minimum_quantity,
    round(price * (0.80 + 0.1 * u('agreed price', p * 10 + list)), 2)::decimal(12, 2) as agreed,
    (getvariable('start') + to_days((u('agreed since', p * 10 + list) * 600)::int))::timestamp
        as since
from life.product
cross join (values (1), (2), (3)) as lists (list)
where range_no > 0 and u('is agreed', p * 10 + list) < 0.06;

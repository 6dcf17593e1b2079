-- Exchange rates: Swiss francs for one euro, from the first of each month.
create table life.rate as
select
    day as rate_date,
    round(0.955 + 0.02 * sin(datediff('month', date '2022-01-01', day) / 5.0), 4)::decimal(8, 4)
        as rate
from (
    select unnest(generate_series(
        date '2022-01-01', getvariable('until') + interval 30 month, interval 1 month
    ))::date as day
);

-- Invoices, deposit invoices and credit notes: one row each. The last digit of the key says which:
-- 0 deposit, 1 to 3 the shipment, 6 to 8 the credit note of that shipment's invoice.
create table life.invoice as
with habits as (
    select c, co, country, currency, is_public, term, instrument, co = 2 and u('deferred', c) < 0.4
        as is_deferred
    from life.customer
),

from_shipments as (
    select
        shipment.sk as ik, 'invoice' as kind, shipment.k, shipment.s, shipment.c,
        shipment.co, shipment.shipped_at,
        case
            when u('forgotten', sk) < 0.012
                then after_work(shipment.co, shipped_at, 9000 + 8000 * u('invoice', sk))
            when is_deferred
                then utc(
                    work_day(
                        shipment.co, last_day(shipped_at::date) + 1, floor(6 * u('invoice', sk))
                    ),
                    600 + 300 * u('invoice hour', sk)
                )
            else after_work(shipment.co, shipped_at, 30 + 500 * u('invoice', sk))
        end::timestamp as posted_at,
        null::varchar as reason
    from life.shipment
    inner join habits on shipment.c = habits.c
    where shipped_at is not null
),

from_deposits as (
    select
        k * 10, 'deposit', k, 0, c, co, null::timestamp,
        after_work(co, deposit_at, 20)::timestamp, null
    from life.sale
    where has_deposit and deposit_at is not null
),

from_credits as (
    select
        invoice.ik + 5, 'credit', invoice.k, invoice.s, invoice.c, invoice.co, null::timestamp,
        after_work(
            invoice.co, greatest(invoice.posted_at, coalesce(credit.returned_at, invoice.posted_at)),
            400 + 5000 * u('credited', invoice.ik)
        )::timestamp,
        credit.reason
    from from_shipments as invoice
    inner join life.credit on invoice.ik = credit.sk
),

issued as (
    select * from from_shipments
    union all
    select * from from_deposits
    union all
    select * from from_credits
),

dated as (
    select
        issued.*,
        local_time(posted_at)::date as posted_on,
        case
            when shipped_at is not null and u('backdated', ik) < 0.15
                and last_day(shipped_at::date) < local_time(posted_at)::date
                and local_time(posted_at)::date <= last_day(shipped_at::date) + 10
                then last_day(shipped_at::date)
            else local_time(posted_at)::date
        end as date
    from issued
)

select
    dated.*,
    1000000000000000 + ik as mk,
    case
        when u('draft waits', ik) < 0.06
            then greatest(
                after_work(dated.co, posted_at, -300 - 1000 * u('draft', ik)),
                shipped_at + interval 5 minute,
                posted_at - interval 5 day
            )
        else posted_at - to_minutes(5 + (80 * u('draft', ik))::bigint)
    end::timestamp as born_at,
    case when u('sent', ik) < 0.995 then after_work(dated.co, posted_at, 5 + 200 * u('sent time', ik)) end
        ::timestamp as sent_at,
    sale.payer,
    sale.agent_no as created_by,
    sale.salesperson,
    sale.team,
    habits.country,
    habits.currency,
    habits.is_public,
    case
        when dated.kind <> 'invoice' then 1
        else habits.term
    end as term,
    case when sale.payer <> dated.c or dated.kind <> 'invoice' then 'transfer' else habits.instrument end
        as instrument,
    case habits.country when 'FR' then 0.20 when 'IT' then 0.22 else 0 end::decimal(4, 2) as tax_rate,
    rate.rate,
    case when habits.currency = 'EUR' then 1 else rate.rate end::decimal(8, 4) as applied_rate
from dated
inner join habits on dated.c = habits.c
inner join (
    select k, payer, salesperson, team,
        pick(getvariable('agents')[team], 'invoicing agent', k) as agent_no
    from life.sale
) as sale on dated.k = sale.k
-- A credit note takes the rate of the invoice that it corrects.
left join (select ik + 5 as credit_ik, posted_at as corrected_at from from_shipments) as corrected
    on dated.ik = corrected.credit_ik
inner join life.rate
    on rate.rate_date = date_trunc('month', coalesce(local_time(corrected_at)::date, dated.date))::date;

-- Lines of invoices; amounts are positive, a deducted deposit is negative.
create table life.invoice_line as
with deposit as (
    select ik, k, round((select any_value(goods) from life.sale where sale.k = invoice.k) * 0.3, 2)
        ::decimal(18, 2) as amount
    from life.invoice
    where kind = 'deposit'
),

goods as (
    select
        invoice.ik, portion.l as seq, portion.lk, portion.p, portion.part as quantity,
        portion.price, portion.discount, portion.amount, 'sales' as account
    from life.invoice
    inner join life.portion on invoice.k = portion.k and invoice.s = portion.s
    where invoice.kind = 'invoice'
),

freight as (
    select
        invoice.ik, 80, invoice.k * 100 + 80, getvariable('products') + 1, 1, 18.00, 0, 18.00,
        'freight'
    from life.invoice
    inner join life.sale using (k)
    where invoice.kind = 'invoice' and invoice.s = 1 and sale.has_freight
),

deposits as (
    select ik, 90, k * 100 + 90, null, 1, amount, 0, amount, 'deposits' from deposit
    union all
    select
        invoice.ik, 90, invoice.k * 100 + 90, null, -1, deposit.amount, 0, -deposit.amount, 'deposits'
    from life.invoice
    inner join deposit on invoice.k = deposit.k
    where invoice.kind = 'invoice'
),

credited as (
    select
        invoice.ik, 1,
        portion.lk,
        portion.p,
        case invoice.reason when 'return' then portion.part else 1 end,
        case invoice.reason
            when 'return' then portion.price
            when 'price' then greatest(0.5, round(portion.amount * 0.08, 2))
            else greatest(0.5, round(portion.amount * 0.05, 2))
        end,
        case invoice.reason when 'return' then portion.discount else 0 end,
        case invoice.reason
            when 'return' then portion.amount
            when 'price' then greatest(0.5, round(portion.amount * 0.08, 2))
            else greatest(0.5, round(portion.amount * 0.05, 2))
        end,
        case invoice.reason when 'commercial' then 'rebates' else 'sales' end
    from life.invoice
    inner join life.portion on invoice.k = portion.k and invoice.s = portion.s
    where invoice.kind = 'credit'
    qualify row_number() over (partition by invoice.ik order by portion.l) = 1
),

lines as (
    select * from goods
    union all
    select * from freight
    union all
    select * from deposits
    union all
    select * from credited
)

select
    lines.ik,
    lines.seq::int as seq,
    lines.lk,
    lines.p,
    lines.quantity::decimal(12, 2) as quantity,
    lines.price::decimal(12, 2) as price,
    lines.discount::decimal(5, 2) as discount,
    lines.amount::decimal(18, 2) as amount,
    round(lines.amount * invoice.tax_rate, 2)::decimal(18, 2) as tax,
    lines.account,
    round(lines.amount / invoice.applied_rate, 2)::decimal(18, 2) as company_amount,
    round(round(lines.amount * invoice.tax_rate, 2) / invoice.applied_rate, 2)::decimal(18, 2)
        as company_tax
from lines
inner join life.invoice using (ik);

create table life.invoice_total as
select
    ik,
    sum(amount)::decimal(18, 2) as untaxed,
    sum(tax)::decimal(18, 2) as tax,
    -- Public bodies in Italy pay the tax to the state themselves.
    (sum(amount) + case when is_public then 0 else sum(tax) end)::decimal(18, 2) as to_pay,
    sum(company_amount)::decimal(18, 2) as company_untaxed,
    sum(company_tax)::decimal(18, 2) as company_tax,
    (sum(company_amount) + case when is_public then 0 else sum(company_tax) end)::decimal(18, 2)
        as company_to_pay
from life.invoice_line
inner join life.invoice using (ik)
group by ik, is_public;

-- Instalments: what is due when. Amounts are positive, also on credit notes.
create table life.instalment as
with shares as (
    select
        invoice.ik, term_line.no, term_line.of, invoice_total.to_pay, invoice_total.company_to_pay,
        round(to_pay * share * 0.01, 2)::decimal(18, 2) as share,
        round(company_to_pay * share * 0.01, 2)::decimal(18, 2) as company_share,
        case delay_type
            when 'days_after' then invoice.date + days::int
            else last_day(invoice.date) + days::int
        end::date as due_on
    from life.invoice
    inner join life.invoice_total using (ik)
    inner join life.term_line using (term)
)

select
    ik * 100 + no as tk,
    ik,
    no::int as no,
    of::int as of_,
    due_on,
    (case
        when no < of then share
        else to_pay - coalesce(sum(share) over (
            partition by ik order by no rows between unbounded preceding and 1 preceding
        ), 0)
    end)::decimal(18, 2) as amount,
    (case
        when no < of then company_share
        else company_to_pay - coalesce(sum(company_share) over (
            partition by ik order by no rows between unbounded preceding and 1 preceding
        ), 0)
    end)::decimal(18, 2) as company_amount
from shares;

-- How each instalment of an invoice is meant to be settled.
create table life.intention as
with facts as (
    select
        instalment.*,
        invoice.k, invoice.kind, invoice.co, invoice.c, invoice.payer, invoice.currency,
        invoice.date, invoice.posted_at, invoice.term, invoice.instrument, invoice.mk,
        customer.persona,
        customer.insolvent_on,
        refund.ik as credit_ik,
        refund.posted_at as credited_at,
        local_time(refund.posted_at)::date as credited_on,
        credit_total.to_pay as credit_amount,
        credit_total.company_to_pay as company_credit_amount,
        case
            when invoice.term = 6 and invoice.currency = 'EUR' and u('takes discount', tk) < 0.5
                then round(instalment.amount * 0.02, 2)
            else 0
        end::decimal(18, 2) as drawn_discount,
        invoice.kind = 'invoice' and customer.persona not in ('punctual', 'slipping')
            and instalment.amount > 300 and u('disputed', tk) < 0.02 as is_disputed,
        round(
            customer.late_mean + customer.late_spread * z('late', tk)
            + case
                when customer.slips_from is not null and instalment.due_on >= customer.slips_from
                    then least(45, (instalment.due_on - customer.slips_from) / 4.0)
                else 0
            end
        )::int as late_days
    from life.instalment
    inner join life.invoice using (ik)
    inner join life.customer on invoice.payer = customer.c
    left join life.invoice as refund on instalment.ik + 5 = refund.ik
    left join life.invoice_total as credit_total on refund.ik = credit_total.ik
    where invoice.kind <> 'credit'
),

dated as (
    select
        *,
        case
            when instrument in ('lcr', 'riba') and not is_disputed
                and work_day(co, date, 4 + 4 * u('bill', tk)) < due_on - 4
                then work_day(co, date, 4 + 4 * u('bill', tk))
        end as bill_on,
        case
            when kind = 'deposit' then (select deposit_paid_on from life.sale where sale.k = facts.k)
            when drawn_discount > 0 then work_day(co, greatest(date + 5, local_time(posted_at)::date), 0)
            when persona = 'punctual' then due_on
            when is_disputed then work_day(co, due_on, 15 + 30 * u('settled dispute', tk))
            when instrument in ('lcr', 'riba', 'direct_debit')
                then work_day(co, greatest(due_on, local_time(posted_at)::date + 1), 0)
            else work_day(co, greatest(due_on + late_days, local_time(posted_at)::date + 1), 0)
        end as drawn_pay_on
    from facts
),

paying as (
    select
        *,
        case
            when insolvent_on is not null and drawn_pay_on >= insolvent_on then null
            when kind = 'invoice' and persona in ('regular', 'new', 'seasonal')
                and u('never pays', tk) < 0.003 then null
            else drawn_pay_on
        end as pay_on
    from dated
),

credited as (
    select
        *,
        credit_ik is not null and of_ = 1 and drawn_discount = 0
            and credited_on < coalesce(bill_on, pay_on, date '2999-01-01') as takes_credit
    from paying
),

netted as (
    select
        *,
        case when takes_credit then least(credit_amount, amount) else 0 end::decimal(18, 2)
            as credit_taken,
        case
            when not takes_credit then 0
            when credit_amount >= amount then company_amount
            else company_credit_amount
        end::decimal(18, 2) as company_credit_taken
    from credited
)

select
    *,
    (amount - credit_taken)::decimal(18, 2) as open_amount,
    (company_amount - company_credit_taken)::decimal(18, 2) as company_open,
    pay_on is not null and bill_on is null and drawn_discount = 0 and amount - credit_taken > 400
        and instrument in ('transfer', 'cheque') and persona not in ('punctual', 'slipping')
        and kind = 'invoice' and u('in two parts', tk) < 0.05 as in_two_parts,
    pay_on is not null and amount - credit_taken > 0 and (
        (bill_on is not null and u('bounces', tk) < 0.03)
        or (instrument = 'direct_debit' and drawn_discount = 0 and u('bounces', tk) < 0.025)
    ) as bounces
from netted;

-- Payments, each of one instalment or of a part of one; the amount clears the instalment.
create table life.settlement as
with firsts as (
    select
        tk, ik, co, c, payer, currency, mk, no, due_on, kind, bill_on, pay_on, 1 as part,
        case when in_two_parts then round(open_amount / 2, 2) else open_amount end as amount,
        case when in_two_parts then round(company_open / 2, 2) else company_open end
            as company_amount,
        drawn_discount as discount,
        case when bill_on is null and instrument in ('lcr', 'riba') then 'transfer' else instrument end
            as method,
        bounces,
        case when bounces then work_day(co, pay_on, 3 + 3 * u('bounce day', tk)) end as bounced_on,
        in_two_parts or bounces or bill_on is not null or drawn_discount > 0 or credit_taken > 0
            or kind = 'deposit' or currency <> 'EUR' or u('matched late', tk) < 0.008 as alone
    from life.intention
    where pay_on is not null and open_amount > 0
),

seconds as (
    select
        tk, ik, co, c, payer, currency, mk, no, due_on, kind, null::date,
        work_day(co, pay_on, 10 + 20 * u('second part', tk)), 2,
        open_amount - round(open_amount / 2, 2), company_open - round(company_open / 2, 2), 0,
        'transfer', false, null::date, true
    from life.intention
    where in_two_parts
    union all
    select
        tk, ik, co, c, payer, currency, mk, no, due_on, kind, null,
        work_day(co, bounced_on, 5 + 15 * u('pays after bounce', tk)), 2,
        amount, company_amount, 0, 'transfer', false, null, true
    from firsts
    where bounces and u('pays after bounce at all', tk) < 0.85
),

settlements as (
    select * from firsts
    union all
    select * from seconds
)

select
    settlements.* replace (
        amount::decimal(18, 2) as amount, company_amount::decimal(18, 2) as company_amount,
        discount::decimal(18, 2) as discount
    ),
    coalesce(bill_on, pay_on) as paid_on,
    tk * 10 + part as stk,
    -- A payer settles what is due in one transfer, unless something about it is special.
    case
        when alone then tk * 10 + part
        else min(tk * 10 + part) over (partition by alone, payer, co, currency, pay_on, method)
    end as pk
from settlements;

-- Payments as the bank or the drawer of bills makes them: one row each.
create table life.payment as
select
    pk,
    2000000000000000 + pk as mk,
    any_value(co) as co,
    any_value(payer) as payer,
    any_value(currency) as currency,
    any_value(method) as method,
    any_value(paid_on) as paid_on,
    any_value(bill_on) as bill_on,
    any_value(pay_on) as cleared_on,
    any_value(due_on) as due_on,
    any_value(bounced_on) as bounced_on,
    sum(amount)::decimal(18, 2) as amount,
    sum(company_amount)::decimal(18, 2) as settled_company_amount,
    -- Foreign money is worth what it is on the day it comes.
    (case any_value(currency)
        when 'EUR' then sum(company_amount)
        else round(sum(amount) / any_value(rate.rate), 2)
    end)::decimal(18, 2) as company_amount,
    sum(discount)::decimal(18, 2) as discount,
    -- The bank's statement is entered the next working morning.
    utc(work_day(any_value(co), any_value(paid_on) + 1, 0), 540 + 90 * u('statement', pk))
        ::timestamp as born_at,
    utc(work_day(any_value(co), any_value(pay_on) + 1, 0), 545 + 90 * u('statement', pk))
        ::timestamp as cleared_at,
    utc(work_day(any_value(co), any_value(bounced_on) + 1, 0), 560 + 90 * u('statement', pk))
        ::timestamp as bounced_at,
    pick(getvariable('collectors')[any_value(co)], 'cashier', pk) as entered_by
from life.settlement
inner join life.rate on rate.rate_date = date_trunc('month', settlement.paid_on)::date
group by pk;

-- What is left of a credit note is paid back.
create table life.payback as
select
    ik,
    9000000000000000 + ik as mk,
    co,
    payer,
    currency,
    amount,
    company_amount,
    paid_on,
    utc(work_day(co, paid_on + 1, 0), 600)::timestamp as born_at,
    taken_tk,
    pick(getvariable('collectors')[co], 'cashier', ik) as entered_by
from (
    select
        invoice.ik, invoice.co, invoice.payer, invoice.currency,
        (invoice_total.to_pay - coalesce(intention.credit_taken, 0))::decimal(18, 2) as amount,
        (invoice_total.company_to_pay - coalesce(intention.company_credit_taken, 0))::decimal(18, 2)
            as company_amount,
        work_day(invoice.co, local_time(invoice.posted_at)::date, 15 + 15 * u('paid back', invoice.ik))
            as paid_on,
        intention.tk as taken_tk
    from life.invoice
    inner join life.invoice_total using (ik)
    left join life.intention on invoice.ik = intention.credit_ik and intention.takes_credit
    where invoice.kind = 'credit'
)
where amount > 0 and u('is paid back', ik) < 0.8;

-- What was open when an insolvent customer's file went to the lawyers.
create table life.doubt as
select
    tk,
    5000000000000000 + tk as mk,
    mk as invoice_mk,
    100 + no as invoice_seq,
    co,
    payer,
    currency,
    open_amount as amount,
    company_open as company_amount,
    work_day(co, greatest(insolvent_on + 15, local_time(posted_at)::date + 5), 0) as doubted_on,
    utc(
        work_day(co, greatest(insolvent_on + 15, local_time(posted_at)::date + 5), 0), 700
    )::timestamp as born_at,
    pick(getvariable('collectors')[co], 'cashier', tk) as entered_by
from life.intention
where pay_on is null and insolvent_on is not null and drawn_pay_on >= insolvent_on and open_amount > 0;

-- Goods shipped and not yet billed at a month's end, booked two working days later and taken back
-- on the first of the next month.
create table life.accrual as
with months as (
    select unnest(generate_series(
        getvariable('start'), getvariable('until'), interval 1 month
    ))::date as first_day
),

unbilled as (
    select
        invoice.co,
        last_day(first_day) as month_end,
        sum(company_untaxed)::decimal(18, 2) as untaxed,
        sum(case when is_public then 0 else company_tax end)::decimal(18, 2) as tax
    from months
    inner join life.invoice
        on invoice.shipped_at < last_day(first_day) + interval 1 day
            and invoice.posted_at >= last_day(first_day) + interval 1 day
            and invoice.date > last_day(first_day)
    inner join life.invoice_total using (ik)
    group by invoice.co, first_day
)

select
    *,
    6000000000000000 + co * 1000000 + year(month_end) * 100 + month(month_end) as mk,
    utc(work_day(co, month_end + 1, 1), 960)::timestamp as born_at
from unbilled;

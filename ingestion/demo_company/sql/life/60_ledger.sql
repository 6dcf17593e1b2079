-- Entries: one row each. The leading digit of the key says what it books: 1 invoices and credit
-- notes, 2 payments and bills drawn, 3 bills cashed, 4 bounces, 5 doubtful, 6 unbilled, 7 unbilled
-- taken back, 8 exchange differences, 9 money paid back.
create table life.move as
select
    mk, case kind when 'credit' then 'out_refund' else 'out_invoice' end as move_type, kind, co,
    born_at, posted_at, date, payer as partner, currency, case co when 1 then 1 else 5 end as journal,
    created_by, ik
from life.invoice
union all
select
    mk, 'entry', case when bill_on is null then 'payment' else 'bill' end, co, born_at, born_at,
    paid_on, payer, currency, case when bill_on is null then 2 else 3 end + 4 * (co - 1),
    entered_by, null
from life.payment
union all
select
    mk + 1000000000000000, 'entry', 'bill_cashed', co, cleared_at, cleared_at, cleared_on, payer,
    currency, 2 + 4 * (co - 1), entered_by, null
from life.payment
where bill_on is not null
union all
select
    mk + 2000000000000000, 'entry', 'bounce', co, bounced_at, bounced_at, bounced_on, payer,
    currency, 2 + 4 * (co - 1), entered_by, null
from life.payment
where bounced_on is not null
union all
select
    mk, 'entry', 'payback', co, born_at, born_at, paid_on, payer, currency, 2 + 4 * (co - 1),
    entered_by, null
from life.payback
union all
select
    mk, 'entry', 'doubtful', co, born_at, born_at, doubted_on, payer, currency, 4 * co, entered_by, null
from life.doubt
union all
select
    mk + taken_back * 1000000000000000, 'entry', 'accrual', co, born_at, born_at,
    (month_end + taken_back::int)::date, null, 'EUR', 4 * co, pick(getvariable('collectors')[co], 'cashier', mk),
    null
from life.accrual
cross join (values (0), (1)) as sides (taken_back)
union all
select
    mk + 6000000000000000, 'entry', 'exchange', co, born_at, born_at, paid_on, payer, currency, 4 * co,
    entered_by, null
from life.payment
where company_amount <> settled_company_amount;

-- Lines of entries. `balance` is debit less credit in euros, `foreign_balance` in the currency of
-- the document; only receivable lines carry a due date.
create table life.entry_line as
with invoices as (
    select ik, mk, case kind when 'credit' then -1 else 1 end as sign, is_public
    from life.invoice
)

select
    mk, seq, account, (-sign * company_amount)::decimal(18, 2) as balance,
    (-sign * amount)::decimal(18, 2) as foreign_balance, null::date as due_on, 'product' as display_type,
    p, quantity, price, discount, amount as untaxed,
    (amount + case when is_public then 0 else tax end)::decimal(18, 2) as taxed, lk,
    null::bigint as tk
from life.invoice_line
inner join invoices using (ik)
union all
select
    mk, 95, 'tax', -sign * company_tax, -sign * tax, null, 'tax', null, null, null, null, null, null,
    null, null
from life.invoice_total
inner join invoices using (ik)
where tax <> 0
union all
select
    mk, 96, 'tax', sign * company_tax, sign * tax, null, 'tax', null, null, null, null, null, null,
    null, null
from life.invoice_total
inner join invoices using (ik)
where tax <> 0 and is_public
union all
select
    mk, 100 + no, 'trade', sign * company_amount, sign * amount, due_on, 'payment_term', null, null,
    null, null, null, null, null, tk
from life.instalment
inner join invoices using (ik)
union all
select
    mk, 1, case when bill_on is null then 'bank' else 'bills' end, company_amount - discount,
    amount - discount, case when bill_on is not null then due_on end, 'product', null, null, null,
    null, null, null, null, null
from life.payment
union all
select
    mk, 2, 'trade', -company_amount, -amount, paid_on, 'product', null, null, null, null, null, null,
    null, null
from life.payment
union all
select mk, 3, 'discount', discount, discount, null, 'product', null, null, null, null, null, null, null, null
from life.payment
where discount > 0
union all
select
    mk + 1000000000000000, 1, 'bank', company_amount, amount, null, 'product', null, null, null, null,
    null, null, null, null
from life.payment
where bill_on is not null
union all
select
    mk + 1000000000000000, 2, 'bills', -company_amount, -amount, due_on, 'product', null, null, null,
    null, null, null, null, null
from life.payment
where bill_on is not null
union all
select
    mk + 2000000000000000, 1, 'trade', company_amount, amount, due_on, 'product', null, null, null,
    null, null, null, null, null
from life.payment
where bounced_on is not null
union all
select
    mk + 2000000000000000, 2, 'bank_fees', 12.50, 12.50, null, 'product', null, null, null, null,
    null, null, null, null
from life.payment
where bounced_on is not null
union all
select
    mk + 2000000000000000, 3, 'bank', -company_amount - 12.50, -amount - 12.50, null, 'product', null,
    null, null, null, null, null, null, null
from life.payment
where bounced_on is not null
union all
select
    mk, 1, 'bank', -company_amount, -amount, null, 'product', null, null, null, null, null, null, null, null
from life.payback
union all
select
    mk, 2, 'trade', company_amount, amount, paid_on, 'product', null, null, null, null, null, null,
    null, null
from life.payback
union all
select mk, 1, 'doubtful', company_amount, amount, doubted_on, 'product', null, null, null, null, null, null, null, null
from life.doubt
union all
select mk, 2, 'trade', -company_amount, -amount, doubted_on, 'product', null, null, null, null, null, null, null, null
from life.doubt
union all
select
    mk + taken_back * 1000000000000000, seq, account, (sign * amount)::decimal(18, 2),
    (sign * amount)::decimal(18, 2), null, 'product', null, null, null, null, null, null, null, null
from (
    select mk, 1 as seq, 'unbilled' as account, untaxed + tax as amount from life.accrual
    union all
    select mk, 2, 'sales', -untaxed from life.accrual
    union all
    select mk, 3, 'tax', -tax from life.accrual where tax <> 0
)
cross join (values (0, 1), (1, -1)) as sides (taken_back, sign)
union all
select
    mk + 6000000000000000, 1, 'trade', company_amount - settled_company_amount, 0, paid_on, 'product',
    null, null, null, null, null, null, null, null
from life.payment
where company_amount <> settled_company_amount
union all
select
    mk + 6000000000000000, 2,
    case when company_amount > settled_company_amount then 'exchange_gain' else 'exchange_loss' end,
    settled_company_amount - company_amount, 0, null, 'product',
    null, null, null, null, null, null, null, null
from life.payment
where company_amount <> settled_company_amount;

-- Which debit settles which credit, since when, and until when where a bounce undid it. Lines that
-- settle each other share a `circle`, which is closed when nothing of it is open.
create table life.match as
with matches as (
    select
        settlement.mk as debit_mk, 100 + settlement.no as debit_seq,
        payment.mk as credit_mk, 2 as credit_seq,
        settlement.amount,
        -- Of foreign money the smaller value is matched; the difference has an entry of its own.
        least(settlement.company_amount, case when settlement.currency = 'EUR'
            then settlement.company_amount else payment.company_amount end)::decimal(18, 2)
            as company_amount,
        case
            when not settlement.alone then payment.born_at
            when u('matched late', tk) < 0.0015 then payment.born_at + to_days(4000)
            when u('matched late', tk) < 0.008 then payment.born_at + to_days(12)
            else payment.born_at
        end as born_at,
        payment.bounced_at as undone_at,
        case when alone then 1000000000000000 + tk else 2000000000000000 + payment.pk end as circle,
        payment.paid_on as credit_date
    from life.settlement
    inner join life.payment using (pk)
    union all
    select
        mk, 100 + no, 1000000000000000 + credit_ik, 101, credit_taken, company_credit_taken,
        credited_at, null, 1000000000000000 + tk, credited_on
    from life.intention
    where credit_taken > 0
    union all
    select
        mk, 1, mk + 1000000000000000, 2, amount, company_amount, cleared_at, null,
        3000000000000000 + pk, cleared_on
    from life.payment
    where bill_on is not null
    union all
    select
        mk + 2000000000000000, 1, mk, 2, amount, company_amount, bounced_at, null,
        4000000000000000 + pk, bounced_on
    from life.payment
    where bounced_on is not null
    union all
    select
        mk, 2, 1000000000000000 + ik, 101, amount, company_amount, born_at, null,
        coalesce(1000000000000000 + taken_tk, 5000000000000000 + ik), paid_on
    from life.payback
    union all
    select
        invoice_mk, invoice_seq, mk, 2, amount, company_amount, born_at, null,
        1000000000000000 + tk, doubted_on
    from life.doubt
    union all
    select
        case when gain > 0 then payment.mk + 6000000000000000 else settlement.mk end,
        case when gain > 0 then 1 else 100 + no end,
        case when gain > 0 then payment.mk else payment.mk + 6000000000000000 end,
        case when gain > 0 then 2 else 1 end,
        0, abs(gain)::decimal(18, 2),
        case
            when u('matched late', tk) < 0.0015 then payment.born_at + to_days(4000)
            when u('matched late', tk) < 0.008 then payment.born_at + to_days(12)
            else payment.born_at
        end,
        payment.bounced_at, 1000000000000000 + tk, payment.paid_on
    from life.settlement
    inner join (select *, company_amount - settled_company_amount as gain from life.payment) as payment
        using (pk)
    where gain <> 0
)

select
    matches.*,
    greatest(credit_date, move.date) as max_date
from matches
inner join life.move on matches.debit_mk = move.mk;

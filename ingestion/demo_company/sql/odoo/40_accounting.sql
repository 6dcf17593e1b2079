-- Entries, payments and matches as they stand at the instant projected.
create view odoo.account_move as
with settled as (
    select
        entry_line.mk,
        sum(entry_line.foreign_balance - coalesce(matched_line.amount, 0)) as residual,
        max(matched_line.changed_at) as changed_at,
        sum(abs(coalesce(matched_line.amount, 0))) as touched
    from life.entry_line
    left join now.matched_line using (mk, seq)
    where entry_line.account = 'trade'
    group by entry_line.mk
),

credited as (
    select debit_mk as mk, sum(amount) as amount
    from now.match
    where credit_mk < 2000000000000000
    group by debit_mk
),

moves as (
    select
        move.*,
        number.move_id,
        number.name,
        invoice.k, invoice.s, invoice.sent_at, invoice.term, invoice.team, invoice.salesperson,
        invoice.applied_rate, invoice.c, invoice.reason, invoice.is_public,
        total.untaxed, total.tax, total.to_pay, total.company_untaxed, total.company_to_pay,
        case move.move_type when 'out_refund' then -1 else 1 end as sign,
        case move.kind when 'credit' then move.mk - 5 end as corrected_mk,
        settled.residual, settled.changed_at, settled.touched,
        coalesce(credited.amount, 0) as credited_amount
    from life.move
    inner join life.move_number as number using (mk)
    left join life.invoice on move.ik = invoice.ik
    left join life.invoice_total as total on move.ik = total.ik
    left join settled on move.mk = settled.mk
    left join credited on move.mk = credited.mk
    where happened(move.born_at)
),

due as (
    select ik, max(due_on) as due_on from life.instalment group by ik
)

select
    moves.move_id as id,
    case when happened(posted_at) then moves.name else '/' end as name,
    move_type,
    case when happened(posted_at) then 'posted' else 'draft' end as state,
    case
        when move_type = 'entry' or not happened(posted_at) or touched = 0 then 'not_paid'
        when residual <> 0 then 'partial'
        when move_type = 'out_invoice' and credited_amount >= to_pay then 'reversed'
        else 'paid'
    end as payment_state,
    case when move_type <> 'entry' and happened(posted_at) then date end as invoice_date,
    case when move_type <> 'entry' and happened(posted_at) then due.due_on end as invoice_date_due,
    date,
    coalesce(untaxed, 0) as amount_untaxed,
    case when moves.is_public then 0 else coalesce(moves.tax, 0) end as amount_tax,
    coalesce(to_pay, entry.amount) as amount_total,
    case
        when move_type = 'entry' then 0
        when not happened(posted_at) then to_pay
        else sign * residual
    end as amount_residual,
    sign * coalesce(company_untaxed, 0) as amount_untaxed_signed,
    case when move_type = 'entry' then entry.company_amount else sign * company_to_pay end
        as amount_total_signed,
    paying.partner_id,
    paying.partner_id as commercial_partner_id,
    coalesce(buyer.delivery_partner_id, buyer.partner_id) as partner_shipping_id,
    moves.salesperson as invoice_user_id,
    moves.team as team_id,
    sale_number.name as invoice_origin,
    corrected.move_id as reversed_entry_id,
    moves.term as invoice_payment_term_id,
    case
        when kind = 'credit' then case reason
            when 'return' then 'Return of goods' when 'price' then 'Price correction'
            else 'Commercial gesture' end
        when kind = 'bounce' then 'Bounced'
        when move_type <> 'entry' and u('reference', moves.k) < 0.9 then 'PO-' || moves.c || '-'
            || lpad(sale.n::varchar, 4, '0')
    end as ref,
    journal as journal_id,
    case moves.currency when 'EUR' then 1 else 2 end as currency_id,
    moves.co as company_id,
    coalesce(happened(sent_at), false) as is_move_sent,
    einvoice.state as l10n_it_edi_state,
    created_by as create_uid,
    moves.born_at as create_date,
    greatest(
        moves.born_at, seen(posted_at), seen(sent_at), moves.changed_at, einvoice.changed_at
    ) as write_date
from moves
left join (
    select mk, sum(greatest(foreign_balance, 0)) as amount, sum(greatest(balance, 0)) as company_amount
    from life.entry_line
    group by mk
) as entry on moves.mk = entry.mk
left join due on moves.ik = due.ik
left join life.sale on moves.k = sale.k
left join life.sale_number on moves.k = sale_number.k
left join life.customer as paying on moves.partner = paying.c
left join life.customer as buyer on moves.c = buyer.c
left join life.move_number as corrected on moves.corrected_mk = corrected.mk
left join now.einvoice as einvoice on moves.ik = einvoice.ik;

create view odoo.account_move_line as
select
    number.line_id as id,
    move_number.move_id,
    account.account_id,
    customer.partner_id,
    case
        when line.display_type = 'product' and line.p is not null
            then '[' || product.code || '] ' || product.name
        when line.account = 'deposits' then 'Acompte'
        when line.display_type = 'tax' then 'TVA/IVA'
        else move_number.name
    end as name,
    greatest(line.balance, 0) as debit,
    greatest(-line.balance, 0) as credit,
    line.balance,
    line.foreign_balance as amount_currency,
    case move.currency when 'EUR' then 1 else 2 end as currency_id,
    move.date,
    line.due_on as date_maturity,
    case
        when line.account in ('trade', 'bills', 'doubtful')
            then line.balance - coalesce(matched.company_amount, 0)
        else 0
    end as amount_residual,
    closed.full_id as full_reconcile_id,
    case
        when closed.full_id is not null then closed.full_id::varchar
        when matched.circle is not null then 'P' || (matched.circle % 1000000000000)::varchar
    end as matching_number,
    case when happened(move.posted_at) then 'posted' else 'draft' end as parent_state,
    case when line.account in ('trade', 'bills', 'doubtful') then 'payment_term' else line.display_type
    end as display_type,
    line.p as product_id,
    line.quantity,
    line.price as price_unit,
    line.discount,
    line.untaxed as price_subtotal,
    line.taxed as price_total,
    line.account = 'deposits' as is_downpayment,
    move.co as company_id,
    move.journal as journal_id,
    payment_number.payment_id,
    move.born_at as create_date,
    greatest(move.born_at, seen(move.posted_at), matched.changed_at) as write_date
from life.entry_line as line
inner join life.move on line.mk = move.mk
inner join life.move_number on line.mk = move_number.mk
inner join life.entry_line_number as number on line.mk = number.mk and line.seq = number.seq
inner join life.account on line.account = account.account and move.co = account.co
left join life.customer on move.partner = customer.c
left join life.product on line.p = product.p
left join now.matched_line as matched on line.mk = matched.mk and line.seq = matched.seq
left join now.closed_circle as closed on matched.circle = closed.circle
left join life.payment_number on line.mk = payment_number.mk
where happened(move.born_at);

create view odoo.account_payment as
select
    payment_id as id,
    move_number.move_id,
    case when payment.direction > 0 then 'inbound' else 'outbound' end as payment_type,
    'customer' as partner_type,
    customer.partner_id,
    payment.amount,
    case payment.currency when 'EUR' then 1 else 2 end as currency_id,
    10 * payment.co + case payment.method
        when 'transfer' then 1 when 'cheque' then 2 when 'card' then 3 when 'direct_debit' then 4
        when 'lcr' then 5 else 6
    end as payment_method_line_id,
    payment.born_at as create_date,
    payment.born_at as write_date
from (
    select mk, co, payer, currency, method, amount - discount as amount, born_at, 1 as direction
    from life.payment
    union all
    select mk, co, payer, currency, 'transfer', amount, born_at, -1 from life.payback
) as payment
inner join life.payment_number on payment.mk = payment_number.mk
inner join life.move_number on payment.mk = move_number.mk
inner join life.customer on payment.payer = customer.c
where happened(payment.born_at);

create view odoo.account_partial_reconcile as
select
    match_id as id,
    debit.line_id as debit_move_id,
    credit.line_id as credit_move_id,
    company_amount as amount,
    match_now.amount as debit_amount_currency,
    match_now.amount as credit_amount_currency,
    max_date,
    closed.full_id as full_reconcile_id,
    exchange.move_id as exchange_move_id,
    move.co as company_id,
    match_now.born_at as create_date,
    greatest(match_now.born_at, circle_changes.changed_at) as write_date
from (
    select
        *,
        case when amount > 0 and credit_mk // 1000000000000000 = 2
            then credit_mk + 6000000000000000 end as exchange_mk
    from now.match
) as match_now
inner join life.entry_line_number as debit
    on match_now.debit_mk = debit.mk and match_now.debit_seq = debit.seq
inner join life.entry_line_number as credit
    on match_now.credit_mk = credit.mk and match_now.credit_seq = credit.seq
inner join life.move on match_now.debit_mk = move.mk
inner join (
    select circle, max(born_at) as changed_at from now.match group by circle
) as circle_changes on match_now.circle = circle_changes.circle
left join now.closed_circle as closed on match_now.circle = closed.circle
left join life.move_number as exchange on match_now.exchange_mk = exchange.mk;

create view odoo.bounce_now as
select
    row_number() over (order by bounced_at, payment.mk) as id,
    'RET/' || year(bounced_on) || '/' || lpad((
        row_number() over (partition by year(bounced_on) order by bounced_at, payment.mk)
    )::varchar, 4, '0') as name,
    bounced_on as date,
    'done' as state,
    2 + 4 * (payment.co - 1) as journal_id,
    move_number.move_id,
    payment.co as company_id,
    bounced_at as write_date,
    payment.mk as paid_mk
from life.payment
inner join life.move_number on payment.mk + 2000000000000000 = move_number.mk
where happened(bounced_at);

create view odoo.payment_return as
select * exclude (paid_mk) from odoo.bounce_now;

create view odoo.payment_return_line as
select
    returned.id,
    returned.id as return_id,
    customer.partner_id,
    paid.name as reference,
    payment.amount,
    12.50 as expense_amount,
    1 + floor(3 * pow(u('bounce reason', payment.pk), 2))::int as reason_id,
    payment.bounced_on as date,
    payment.bounced_at as write_date
from odoo.bounce_now as returned
inner join life.payment on returned.paid_mk = payment.mk
inner join life.move_number as paid on payment.mk = paid.mk
inner join life.customer on payment.payer = customer.c;

create view odoo.account_move_line_payment_return_line_rel as
select returned.id as line_id, number.line_id as move_line_id
from odoo.bounce_now as returned
inner join life.entry_line_number as number on returned.paid_mk = number.mk and number.seq = 2;

-- Quotes and orders as they stand at the instant projected.
create view odoo.sale_order as
with totals as (
    select k, sum(amount)::decimal(18, 2) as goods, any_value(c) as c
    from life.line
    group by k
),

shipped as (
    select k, bool_and(happened(shipped_at) or happened(cancelled_at)) as all_shipped,
        max(seen(shipped_at)) as last_shipped_at
    from life.shipment
    group by k
),

billed as (
    select k, max(seen(posted_at)) as last_billed_at,
        count(*) filter (where kind = 'invoice') as invoices,
        count(*) filter (where kind = 'invoice' and happened(posted_at)) as invoices_posted
    from life.invoice
    group by k
),

valued as (
    select
        sale.*,
        sale_number.order_id,
        sale_number.name,
        customer.partner_id,
        customer.delivery_partner_id,
        customer.currency,
        customer.country,
        customer.term,
        customer.persona,
        paying.partner_id as payer_partner_id,
        (totals.goods + case when sale.has_freight then 18.00 else 0 end)::decimal(18, 2) as untaxed,
        case
            when customer.is_public then 0 when customer.country = 'FR' then 0.20
            when customer.country = 'IT' then 0.22
            else 0
        end::decimal(4, 2) as tax_rate,
        shipped.all_shipped,
        shipped.last_shipped_at,
        billed.last_billed_at,
        billed.invoices,
        billed.invoices_posted,
        rate.rate
    from life.sale
    inner join life.sale_number using (k)
    inner join totals using (k)
    inner join life.customer on sale.c = customer.c
    inner join life.customer as paying on sale.payer = paying.c
    inner join life.rate on rate.rate_date = date_trunc('month', sale.born_at)::date
    left join shipped on sale.k = shipped.k
    left join billed on sale.k = billed.k
    where happened(sale.born_at) and not happened(sale.deleted_at)
)

select
    order_id as id,
    name,
    case
        when happened(lost_at) or happened(order_cancelled_at) then 'cancel'
        when happened(confirmed_at) then 'sale'
        when happened(quote_sent_at) then 'sent'
        else 'draft'
    end as state,
    happened(confirmed_at) and coalesce(all_shipped, false) and invoices = invoices_posted
        and not happened(order_cancelled_at) as locked,
    coalesce(seen(confirmed_at), born_at) as date_order,
    case
        when happened(postponed_at) then promise_2
        when happened(confirmed_at) then promise_1
    end as commitment_date,
    case when is_quote then local_time(born_at)::date + 30 end as validity_date,
    case when u('reference', k) < 0.9
        -- An order entered twice carries the customer's number of the one before.
        then 'PO-' || c || '-' || lpad((n - (has_entry_error and error_no = 9)::int)::varchar, 4, '0')
    end as client_order_ref,
    case when channel = 'edi' then 'EDI-' || k end as origin,
    salesperson as user_id,
    team as team_id,
    partner_id,
    payer_partner_id as partner_invoice_id,
    coalesce(delivery_partner_id, partner_id) as partner_shipping_id,
    case when currency = 'CHF' then 3 else co end as pricelist_id,
    case currency when 'EUR' then 1 else 2 end as currency_id,
    case currency when 'EUR' then 1 else rate end as currency_rate,
    untaxed as amount_untaxed,
    round(untaxed * tax_rate, 2)::decimal(18, 2) as amount_tax,
    (untaxed + round(untaxed * tax_rate, 2))::decimal(18, 2) as amount_total,
    case
        when not happened(confirmed_at) or happened(order_cancelled_at) then 'no'
        when invoices_posted = invoices and coalesce(all_shipped, false) then 'invoiced'
        when last_shipped_at is not null and last_shipped_at > coalesce(last_billed_at, born_at)
            then 'to invoice'
        else 'no'
    end as invoice_status,
    co as company_id,
    case channel
        when 'edi' then 1 when 'webshop' then 2 when 'email' then 3 when 'telephone' then 4
        when 'field' then 5 else 6
    end as source_id,
    case when channel in ('edi', 'webshop') then 1 else 2 end as medium_id,
    term as payment_term_id,
    co as warehouse_id,
    case when country = 'CH' then 2 when country = 'BE' then 3 else 2 end as incoterm,
    1 + floor(4 * u('carrier', k))::int as carrier_id,
    entered_by as create_uid,
    born_at as create_date,
    greatest(
        born_at, seen(quote_sent_at), seen(lost_at), seen(held_at), seen(released_at),
        seen(confirmed_at), seen(order_cancelled_at), seen(postponed_at), last_shipped_at,
        last_billed_at
    ) as write_date
from valued;

create view odoo.sale_order_line as
with goods as (
    select k, lk, l, p, quantity, price, discount, amount, 'sales' as kind from life.line
    union all
    select
        k, k * 100 + 80, 80, getvariable('products') + 1, 1, 18.00, 0, 18.00, 'freight'
    from life.sale
    where has_freight
    union all
    select k, lk, 90, null, 0, price, 0, 0, 'deposit'
    from life.invoice_line
    inner join life.invoice using (ik)
    where invoice.kind = 'deposit'
),

delivered as (
    select
        lk,
        sum(case when kind = 'return' then -part else part end) as quantity,
        max(done_at) as changed_at
    from life.stock_move
    where happened(done_at) and lk is not null
    group by lk
),

invoiced as (
    select
        lk,
        sum(case
            when invoice.kind = 'credit' then case when reason = 'return' then -quantity else 0 end
            else quantity
        end) as quantity,
        max(posted_at) as changed_at
    from life.invoice_line
    inner join life.invoice using (ik)
    where happened(posted_at)
    group by lk
)

select
    line_id as id,
    order_id,
    10 * goods.l as sequence,
    goods.p as product_id,
    case
        when goods.kind = 'deposit' then 'Acompte'
        else '[' || product.code || '] ' || product.name
    end as name,
    goods.quantity as product_uom_qty,
    1 as product_uom,
    goods.price as price_unit,
    goods.discount,
    goods.amount as price_subtotal,
    round(goods.amount * tax_rate, 2)::decimal(18, 2) as price_tax,
    (goods.amount + round(goods.amount * tax_rate, 2))::decimal(18, 2) as price_total,
    case
        when goods.kind = 'freight'
            then case when happened(sale.shipped_1_at) then 1 else 0 end
        else coalesce(delivered.quantity, 0)
    end as qty_delivered,
    coalesce(invoiced.quantity, 0) as qty_invoiced,
    coalesce(product.cost, 0) as purchase_price,
    sale.salesperson as salesman_id,
    null::varchar as display_type,
    goods.kind = 'deposit' as is_downpayment,
    goods.kind = 'freight' as is_delivery,
    sale.co as company_id,
    number.born_at as create_date,
    greatest(number.born_at, seen(sale.confirmed_at), seen(sale.order_cancelled_at), seen(sale.lost_at),
        delivered.changed_at, invoiced.changed_at) as write_date
from goods
inner join life.sale_line_number as number using (lk)
inner join life.sale on goods.k = sale.k
inner join life.sale_number on goods.k = sale_number.k
inner join (
    select
        c,
        case
            when is_public then 0 when country = 'FR' then 0.20 when country = 'IT' then 0.22 else 0
        end::decimal(4, 2) as tax_rate
    from life.customer
) as customer on sale.c = customer.c
left join life.product on goods.p = product.p
left join delivered on goods.lk = delivered.lk
left join invoiced on goods.lk = invoiced.lk
where happened(number.born_at) and not happened(sale.deleted_at);

create view odoo.sale_order_line_invoice_rel as
select sale_line_number.line_id as order_line_id, entry_line_number.line_id as invoice_line_id
from life.invoice_line
inner join life.invoice using (ik)
inner join life.sale_line_number on invoice_line.lk = sale_line_number.lk
inner join life.entry_line_number
    on invoice.mk = entry_line_number.mk and invoice_line.seq = entry_line_number.seq
where happened(invoice.born_at) and invoice_line.lk is not null
union
select sale_line_number.line_id, entry_line_number.line_id
from life.invoice_line
inner join life.invoice using (ik)
inner join life.sale_line_number on invoice.k * 100 + 90 = sale_line_number.lk
inner join life.entry_line_number
    on invoice.mk = entry_line_number.mk and invoice_line.seq = entry_line_number.seq
where happened(invoice.born_at) and invoice_line.seq = 90;

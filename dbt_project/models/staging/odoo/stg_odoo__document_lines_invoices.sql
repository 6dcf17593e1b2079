-- One row per product, service or deposit line of an invoice or credit note; tax, due-date and text
-- lines are left out.
with

invoices as (
    select * from {{ ref('stg_odoo__invoices') }}
),

invoice_lines as (
    select *
    from {{ raw('odoo', 'account_move_line') }}
    where coalesce(display_type, 'product') = 'product'
),

-- A line that bills several order lines belongs to the first.
billed_lines as (
    select
        links.source_id,
        links.invoice_line_id,
        min(links.order_line_id) as order_line_id
    from {{ raw('odoo', 'sale_order_line_invoice_rel') }} as links
    group by links.source_id, links.invoice_line_id
),

order_lines as (
    select * from {{ raw('odoo', 'sale_order_line') }}
),

orders as (
    select * from {{ raw('odoo', 'sale_order') }}
),

warehouses as (
    select * from {{ raw('odoo', 'stock_warehouse') }}
),

products as (
    select * from {{ ref('stg_odoo__products') }}
),

current_costs as (
    select * from {{ ref('stg_odoo__product_costs') }}
),

shipped_lines as (
    select * from {{ ref('stg_odoo__shipped_lines') }}
),

final as (
    select
        invoice_lines.source_id,
        'odoo' as source_system,
        {{ key('invoice_lines.source_id', 'account.move.line', 'invoice_lines.id') }} as document_line_id,
        {{ key('invoice_lines.source_id', 'account.move', 'invoice_lines.move_id') }} as document_id,
        {{ key('invoice_lines.source_id', 'res.company', 'invoices.company_id') }} as company_id,
        row_number() over (
            partition by invoice_lines.source_id, invoice_lines.move_id order by invoice_lines.id
        ) as line_number,
        case
            when coalesce(invoice_lines.is_downpayment, order_lines.is_downpayment, false) then 'deposit'
            when coalesce(order_lines.is_delivery, false) then 'freight'
            when invoice_lines.price_subtotal < 0 then 'discount'
            when products.product_type = 'service' then 'service'
            else 'product'
        end as line_type,
        {{ key('invoice_lines.source_id', 'product.product', 'invoice_lines.product_id') }} as product_id,
        invoice_lines.name as description,
        coalesce(invoice_lines.quantity, 0) as quantity,
        products.unit,
        invoice_lines.price_unit as unit_price_excl_tax,
        invoice_lines.discount as discount_percent,
        coalesce(invoice_lines.price_subtotal, 0) as amount_excl_tax,
        invoice_lines.price_total - invoice_lines.price_subtotal as amount_tax,
        invoice_lines.price_total as amount_incl_tax,
        -- The ledger's own amount, so that lines tie to the accounts to the cent.
        -invoices.direction * invoice_lines.balance as company_amount_excl_tax,
        coalesce(
            shipped_lines.unit_cost,
            {{ money(
                'nullif(order_lines.purchase_price, 0) / coalesce(nullif(orders.currency_rate, 0), 1)'
            ) }},
            current_costs.unit_cost
        ) as unit_cost,
        {{ key(
            'invoice_lines.source_id', 'sale.order.line',
            'billed_lines.order_line_id'
        ) }} as order_line_id,
        {{ key(
            'invoice_lines.source_id', 'sale.order.line',
            'billed_lines.order_line_id'
        ) }} as generated_from_line_id,
        {{ key(
            'invoice_lines.source_id', 'res.users',
            'coalesce(order_lines.salesman_id, invoices.invoice_user_id)'
        ) }} as salesperson_id,
        warehouses.name as site
    from invoice_lines
    inner join invoices
        on invoice_lines.source_id = invoices.source_id and invoice_lines.move_id = invoices.id
    left join billed_lines
        on
            invoice_lines.source_id = billed_lines.source_id
            and invoice_lines.id = billed_lines.invoice_line_id
    left join order_lines
        on billed_lines.source_id = order_lines.source_id and billed_lines.order_line_id = order_lines.id
    left join orders
        on order_lines.source_id = orders.source_id and order_lines.order_id = orders.id
    left join warehouses
        on orders.source_id = warehouses.source_id and orders.warehouse_id = warehouses.id
    left join products
        on
            products.product_id
            = {{ key('invoice_lines.source_id', 'product.product', 'invoice_lines.product_id') }}
    left join current_costs
        on
            invoice_lines.source_id = current_costs.source_id
            and invoice_lines.product_id = current_costs.product_id
            and invoices.company_id = current_costs.company_id
    left join shipped_lines
        on
            billed_lines.source_id = shipped_lines.source_id
            and billed_lines.order_line_id = shipped_lines.order_line_id
)

{{ conform('document_lines', lacks=[
    'requested_date', 'first_confirmed_date', 'last_confirmed_date', 'cancelled_quantity', 'cancelled_at',
    'cancelled_by', 'cancellation_reason', 'picked_by_id',
]) }}

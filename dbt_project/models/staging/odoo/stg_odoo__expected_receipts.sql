-- One row per purchase line still to be received.
with

orders as (
    select * from {{ raw('odoo', 'purchase_order') }}
    where state in ('purchase', 'done')
),

order_lines as (
    select * from {{ raw('odoo', 'purchase_order_line') }}
    where product_id is not null
),

transfer_types as (
    select * from {{ raw('odoo', 'stock_picking_type') }}
),

warehouses as (
    select * from {{ raw('odoo', 'stock_warehouse') }}
),

companies as (
    select * from {{ ref('stg_odoo__companies') }}
),

final as (
    select
        order_lines.source_id,
        'odoo' as source_system,
        {{ key('order_lines.source_id', 'purchase.order.line', 'order_lines.id') }} as expected_receipt_id,
        companies.company_id,
        {{ key('order_lines.source_id', 'product.product', 'order_lines.product_id') }} as product_id,
        warehouses.name as site,
        {{ local_date('order_lines.date_planned', 'companies.time_zone') }} as expected_date,
        order_lines.product_qty - coalesce(order_lines.qty_received, 0) as quantity
    from order_lines
    inner join orders
        on order_lines.source_id = orders.source_id and order_lines.order_id = orders.id
    inner join companies
        on companies.company_id = {{ key('orders.source_id', 'res.company', 'orders.company_id') }}
    left join transfer_types
        on orders.source_id = transfer_types.source_id and orders.picking_type_id = transfer_types.id
    left join warehouses
        on transfer_types.source_id = warehouses.source_id and transfer_types.warehouse_id = warehouses.id
    where
        order_lines.product_qty > coalesce(order_lines.qty_received, 0)
        and order_lines.date_planned is not null
)

{{ conform('expected_receipts') }}

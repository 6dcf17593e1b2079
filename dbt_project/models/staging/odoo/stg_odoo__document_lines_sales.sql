-- One row per line of a quotation and per line of an order; sections and notes are left out.
with

order_lines as (
    select * from {{ raw('odoo', 'sale_order_line') }}
    where display_type is null
),

orders as (
    select * from {{ raw('odoo', 'sale_order') }}
),

told as (
    select * from {{ ref('stg_odoo__sale_orders') }}
),

products as (
    select * from {{ ref('stg_odoo__products') }}
),

units as (
    select * from {{ raw('odoo', 'uom_uom') }}
),

warehouses as (
    select * from {{ raw('odoo', 'stock_warehouse') }}
),

current_costs as (
    select * from {{ ref('stg_odoo__product_costs') }}
),

shipped_lines as (
    select * from {{ ref('stg_odoo__shipped_lines') }}
),

described as (
    select
        order_lines.source_id,
        order_lines.id,
        order_lines.order_id,
        told.was_quotation,
        told.is_order,
        told.cancelled_at as order_cancelled_at,
        told.first_confirmed_date,
        told.last_confirmed_date,
        told.progress,
        told.last_transfer_at,
        {{ key('order_lines.source_id', 'res.company', 'orders.company_id') }} as company_id,
        row_number() over (
            partition by order_lines.source_id, order_lines.order_id
            order by order_lines.sequence, order_lines.id
        ) as line_number,
        case
            when coalesce(order_lines.is_downpayment, false) then 'deposit'
            when coalesce(order_lines.is_delivery, false) then 'freight'
            when order_lines.price_subtotal < 0 then 'discount'
            when products.product_type = 'service' then 'service'
            else 'product'
        end as line_type,
        {{ key('order_lines.source_id', 'product.product', 'order_lines.product_id') }} as product_id,
        order_lines.name as description,
        order_lines.product_uom_qty as quantity,
        {{ translated('units.name') }} as unit,
        order_lines.price_unit as unit_price_excl_tax,
        order_lines.discount as discount_percent,
        order_lines.price_subtotal as amount_excl_tax,
        order_lines.price_tax as amount_tax,
        order_lines.price_total as amount_incl_tax,
        {{ money('order_lines.price_subtotal / coalesce(nullif(orders.currency_rate, 0), 1)') }}
            as company_amount_excl_tax,
        -- The margin module keeps the cost in the order's currency.
        coalesce(
            shipped_lines.unit_cost,
            {{ money(
                'nullif(order_lines.purchase_price, 0) / coalesce(nullif(orders.currency_rate, 0), 1)'
            ) }},
            current_costs.unit_cost
        ) as unit_cost,
        -- What came back was delivered all the same.
        greatest(
            order_lines.product_uom_qty
            - greatest(coalesce(order_lines.qty_delivered, 0), coalesce(shipped_lines.shipped_quantity, 0)),
            0
        ) as undelivered_quantity,
        {{ key(
            'order_lines.source_id', 'res.users',
            'coalesce(order_lines.salesman_id, orders.user_id)'
        ) }} as salesperson_id,
        warehouses.name as site
    from order_lines
    inner join orders
        on order_lines.source_id = orders.source_id and order_lines.order_id = orders.id
    inner join told
        on order_lines.source_id = told.source_id and order_lines.order_id = told.id
    left join products
        on
            products.product_id
            = {{ key('order_lines.source_id', 'product.product', 'order_lines.product_id') }}
    left join units
        on order_lines.source_id = units.source_id and order_lines.product_uom = units.id
    left join warehouses
        on orders.source_id = warehouses.source_id and orders.warehouse_id = warehouses.id
    left join current_costs
        on
            order_lines.source_id = current_costs.source_id
            and order_lines.product_id = current_costs.product_id
            and orders.company_id = current_costs.company_id
    left join shipped_lines
        on order_lines.source_id = shipped_lines.source_id and order_lines.id = shipped_lines.order_line_id
),

typed as (
    select
        *,
        {{ key('source_id', 'sale.quotation.line', 'id') }} as document_line_id,
        {{ key('source_id', 'sale.quotation', 'order_id') }} as document_id,
        cast(null as {{ dbt.type_string() }}) as generated_from_line_id,
        cast(0 as decimal(18, 4)) as cancelled_quantity,
        cast(null as timestamp) as cancelled_at
    from described
    where was_quotation

    union all

    select
        *,
        {{ key('source_id', 'sale.order.line', 'id') }} as document_line_id,
        {{ key('source_id', 'sale.order', 'order_id') }} as document_id,
        case when was_quotation then {{ key('source_id', 'sale.quotation.line', 'id') }} end
            as generated_from_line_id,
        case
            when order_cancelled_at is not null or (progress = 'closed_short' and line_type = 'product')
                then undelivered_quantity
            else 0
        end as cancelled_quantity,
        case
            when order_cancelled_at is not null then order_cancelled_at
            when
                progress = 'closed_short' and line_type = 'product' and undelivered_quantity > 0
                then last_transfer_at
        end as cancelled_at
    from described
    where is_order
),

final as (
    select
        typed.source_id,
        'odoo' as source_system,
        typed.document_line_id,
        typed.document_id,
        typed.company_id,
        typed.line_number,
        typed.line_type,
        typed.product_id,
        typed.description,
        typed.quantity,
        typed.unit,
        typed.unit_price_excl_tax,
        typed.discount_percent,
        typed.amount_excl_tax,
        typed.amount_tax,
        typed.amount_incl_tax,
        typed.company_amount_excl_tax,
        typed.unit_cost,
        typed.generated_from_line_id,
        typed.first_confirmed_date,
        typed.last_confirmed_date,
        typed.cancelled_quantity,
        typed.cancelled_at,
        typed.salesperson_id,
        typed.site
    from typed
)

{{ conform('document_lines', lacks=[
    'order_line_id', 'requested_date', 'cancelled_by', 'cancellation_reason', 'picked_by_id',
]) }}

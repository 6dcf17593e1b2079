-- One row per goods line of a preparation, and one per line shipped or returned, valued at the order's price.
{{ config(materialized='table') }}

with

transfers as (
    select * from {{ ref('stg_odoo__transfers') }}
),

moves as (
    select * from {{ raw('odoo', 'stock_move') }}
),

order_lines as (
    select * from {{ raw('odoo', 'sale_order_line') }}
),

orders as (
    select * from {{ raw('odoo', 'sale_order') }}
),

companies as (
    select * from {{ ref('stg_odoo__companies') }}
),

products as (
    select * from {{ ref('stg_odoo__products') }}
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
        moves.source_id,
        moves.id,
        transfers.id as transfer_id,
        transfers.is_return,
        transfers.state as transfer_state,
        transfers.date_done,
        moves.state,
        moves.product_uom_qty as demanded_quantity,
        coalesce(moves.quantity, 0) as done_quantity,
        {{ key('moves.source_id', 'res.company', 'transfers.company_id') }} as company_id,
        row_number() over (partition by moves.source_id, transfers.id order by moves.id) as line_number,
        {{ key('moves.source_id', 'product.product', 'moves.product_id') }} as product_id,
        products.name as description,
        products.unit,
        order_lines.price_unit as unit_price_excl_tax,
        order_lines.discount as discount_percent,
        order_lines.product_uom_qty as ordered_quantity,
        order_lines.price_subtotal,
        order_lines.price_total,
        coalesce(nullif(orders.currency_rate, 0), 1) as currency_rate,
        coalesce(shipped_lines.unit_cost, current_costs.unit_cost) as unit_cost,
        {{ key('moves.source_id', 'sale.order.line', 'moves.sale_line_id') }} as order_line_id,
        {{ key('moves.source_id', 'stock.move', 'moves.origin_returned_move_id') }} as returned_line_id,
        {{ local_date('coalesce(moves.date_deadline, transfers.date_deadline)', 'companies.time_zone') }}
            as last_confirmed_date,
        {{ key('moves.source_id', 'res.users', 'transfers.user_id') }} as picked_by_id,
        {{ key(
            'moves.source_id', 'res.users',
            'coalesce(order_lines.salesman_id, orders.user_id)'
        ) }} as salesperson_id,
        warehouses.name as site,
        transfers.write_date as changed_at
    from moves
    inner join transfers
        on moves.source_id = transfers.source_id and moves.picking_id = transfers.id
    left join order_lines
        on moves.source_id = order_lines.source_id and moves.sale_line_id = order_lines.id
    left join orders
        on order_lines.source_id = orders.source_id and order_lines.order_id = orders.id
    left join companies
        on companies.company_id = {{ key('transfers.source_id', 'res.company', 'transfers.company_id') }}
    left join products
        on products.product_id = {{ key('moves.source_id', 'product.product', 'moves.product_id') }}
    left join warehouses
        on transfers.source_id = warehouses.source_id and transfers.warehouse_id = warehouses.id
    left join current_costs
        on
            moves.source_id = current_costs.source_id
            and moves.product_id = current_costs.product_id
            and transfers.company_id = current_costs.company_id
    left join shipped_lines
        on moves.source_id = shipped_lines.source_id and moves.sale_line_id = shipped_lines.order_line_id
),

typed as (
    select
        *,
        {{ key('source_id', 'stock.preparation.line', 'id') }} as document_line_id,
        {{ key('source_id', 'stock.preparation', 'transfer_id') }} as document_id,
        demanded_quantity as line_quantity,
        cast(null as {{ dbt.type_string() }}) as generated_from_line_id,
        case when state = 'cancel' then demanded_quantity else 0 end as cancelled_quantity,
        case when state = 'cancel' then coalesce(date_done, changed_at) end as cancelled_at
    from described
    where not is_return

    union all

    select
        *,
        {{ key('source_id', 'stock.move', 'id') }} as document_line_id,
        {{ key('source_id', 'stock.picking', 'transfer_id') }} as document_id,
        case when state = 'done' then done_quantity else demanded_quantity end as line_quantity,
        case
            when is_return then returned_line_id else {{ key('source_id', 'stock.preparation.line', 'id') }}
        end as generated_from_line_id,
        case when state = 'cancel' then demanded_quantity else 0 end as cancelled_quantity,
        case when state = 'cancel' then coalesce(date_done, changed_at) end as cancelled_at
    from described
    -- Nothing is delivered before the transfer is done; a return is a document from the start.
    where is_return or (transfer_state = 'done' and state = 'done' and done_quantity <> 0)
),

valued as (
    select
        *,
        coalesce({{ apportioned('price_subtotal', 'line_quantity', 'ordered_quantity') }}, 0) as amount_excl_tax,
        coalesce({{ apportioned('price_total', 'line_quantity', 'ordered_quantity') }}, 0) as amount_incl_tax
    from typed
),

final as (
    select
        source_id,
        'odoo' as source_system,
        document_line_id,
        document_id,
        company_id,
        line_number,
        'product' as line_type,
        product_id,
        description,
        line_quantity as quantity,
        unit,
        unit_price_excl_tax,
        discount_percent,
        amount_excl_tax,
        amount_incl_tax - amount_excl_tax as amount_tax,
        amount_incl_tax,
        -- One proportion and one currency ratio, rounded once together.
        case
            when currency_rate = 1 then amount_excl_tax
            else {{ money('round(coalesce(line_quantity * cast(price_subtotal as double) / nullif(ordered_quantity, 0), 0) / currency_rate, 4)') }}
        end as company_amount_excl_tax,
        unit_cost,
        order_line_id,
        generated_from_line_id,
        last_confirmed_date,
        cancelled_quantity,
        cancelled_at,
        picked_by_id,
        salesperson_id,
        site
    from valued
)

{{ conform('document_lines', lacks=[
    'requested_date', 'first_confirmed_date', 'cancelled_by', 'cancellation_reason',
]) }}

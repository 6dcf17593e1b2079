-- One row per line of a document: sales, moves of goods, valued at the order's price, and invoices.
{{ config(materialized='table') }}

with

sales as (
    select * from {{ ref('stg_tryton__sales') }}
),

sale_lines as (
    select * from {{ ref('stg_tryton__sale_lines') }}
),

moves as (
    select * from {{ ref('stg_tryton__shipment_moves') }}
),

shipments as (
    select
        source_id,
        id,
        false as is_return,
        company,
        warehouse,
        state,
        picked_by,
        planned_date,
        changed_at
    from {{ raw('tryton', 'stock_shipment_out') }}
    union all
    select
        source_id,
        id,
        true as is_return,
        company,
        warehouse,
        state,
        cast(null as bigint) as picked_by,
        cast(null as date) as planned_date,
        changed_at
    from {{ raw('tryton', 'stock_shipment_out_return') }}
),

locations as (
    select * from {{ raw('tryton', 'stock_location') }}
),

products as (
    select * from {{ ref('stg_tryton__products') }}
),

invoices as (
    select * from {{ ref('stg_tryton__invoices') }}
),

invoice_lines as (
    select * from {{ ref('stg_tryton__invoice_lines') }}
),

-- What the goods cost when they left; until then, what they cost now.
shipped_costs as (
    select
        source_id,
        order_line_id,
        max(cost_price) as cost_price
    from moves
    where state = 'done' and not is_return and order_line_id is not null
    group by source_id, order_line_id
),

sale_document_lines as (
    select
        sale_lines.*,
        sales.company_id,
        sales.conversion,
        sales.shipping_date,
        coalesce(sales.first_shipping_date, sales.shipping_date) as first_confirmed_date,
        sales.warehouse,
        {{ key('sale_lines.source_id', 'sale.quotation.line', 'sale_lines.line_id') }} as document_line_id,
        {{ key('sale_lines.source_id', 'sale.quotation', 'sale_lines.sale_id') }} as document_id,
        cast(null as {{ dbt.type_string() }}) as generated_from_line_id
    from sale_lines
    inner join sales
        on sale_lines.source_id = sales.source_id and sale_lines.sale_id = sales.id
    where sales.was_quotation

    union all

    select
        sale_lines.*,
        sales.company_id,
        sales.conversion,
        sales.shipping_date,
        coalesce(sales.first_shipping_date, sales.shipping_date) as first_confirmed_date,
        sales.warehouse,
        {{ key('sale_lines.source_id', 'sale.line', 'sale_lines.line_id') }} as document_line_id,
        {{ key('sale_lines.source_id', 'sale.sale', 'sale_lines.sale_id') }} as document_id,
        case when sales.was_quotation then {{ key('sale_lines.source_id', 'sale.quotation.line', 'sale_lines.line_id') }} end
            as generated_from_line_id
    from sale_lines
    inner join sales
        on sale_lines.source_id = sales.source_id and sale_lines.sale_id = sales.id
    where sales.is_order
),

described_moves as (
    select
        moves.*,
        shipments.company,
        shipments.warehouse,
        shipments.picked_by,
        shipments.planned_date,
        shipments.changed_at,
        shipments.state as shipment_state,
        coalesce(sales.conversion, 1) as conversion
    from moves
    inner join shipments
        on
            moves.source_id = shipments.source_id
            and moves.shipment_id = shipments.id
            and moves.is_return = shipments.is_return
    left join sales
        on moves.source_id = sales.source_id and moves.sale_id = sales.id
),

move_document_lines as (
    select
        *,
        {{ key('source_id', 'stock.preparation.line', 'move_id') }} as document_line_id,
        {{ key('source_id', 'stock.preparation', 'shipment_id') }} as document_id,
        cast(null as {{ dbt.type_string() }}) as generated_from_line_id
    from described_moves
    where not is_return

    union all

    select
        *,
        {{ key('source_id', 'stock.move', 'move_id') }} as document_line_id,
        case
            when is_return then {{ key('source_id', 'stock.shipment.out.return', 'shipment_id') }}
            else {{ key('source_id', 'stock.shipment.out', 'shipment_id') }}
        end as document_id,
        case when not is_return then {{ key('source_id', 'stock.preparation.line', 'move_id') }} end as generated_from_line_id
    from described_moves
    where is_return or (shipment_state in ('shipped', 'done') and state <> 'cancelled')
),

unified as (
    select
        source_id,
        document_line_id,
        document_id,
        company_id,
        line_number,
        line_type,
        product,
        description,
        quantity,
        unit,
        coalesce(base_price, unit_price) as unit_price_excl_tax,
        unit_price,
        amount,
        conversion,
        cast(null as decimal(18, 4)) as unit_cost,
        cast(null as bigint) as order_line,
        generated_from_line_id,
        first_confirmed_date,
        shipping_date as last_confirmed_date,
        cast(0 as decimal(18, 4)) as cancelled_quantity,
        cast(null as {{ dbt.type_timestamp() }}) as cancelled_at,
        cast(null as bigint) as picked_by,
        warehouse
    from sale_document_lines

    union all

    select
        source_id,
        document_line_id,
        document_id,
        {{ key('source_id', 'company.company', 'company') }} as company_id,
        line_number,
        'product' as line_type,
        product,
        cast(null as {{ dbt.type_string() }}) as description,
        quantity,
        unit,
        coalesce(base_price, unit_price) as unit_price_excl_tax,
        unit_price,
        {{ money('quantity * coalesce(unit_price, 0)') }} as amount,
        conversion,
        cost_price as unit_cost,
        order_line_id as order_line,
        generated_from_line_id,
        cast(null as date) as first_confirmed_date,
        planned_date as last_confirmed_date,
        case when state = 'cancelled' then quantity else 0 end as cancelled_quantity,
        case when state = 'cancelled' then changed_at end as cancelled_at,
        picked_by,
        warehouse
    from move_document_lines

    union all

    select
        invoice_lines.source_id,
        {{ key('invoice_lines.source_id', 'account.invoice.line', 'invoice_lines.line_id') }} as document_line_id,
        {{ key('invoice_lines.source_id', 'account.invoice', 'invoice_lines.invoice_id') }} as document_id,
        invoices.company_id,
        invoice_lines.line_number,
        invoice_lines.line_type,
        invoice_lines.product,
        invoice_lines.description,
        invoices.direction * invoice_lines.quantity as quantity,
        invoice_lines.unit,
        invoice_lines.unit_price as unit_price_excl_tax,
        invoice_lines.unit_price,
        invoices.direction * invoice_lines.amount as amount,
        case
            when invoices.signed_company_total <> 0 and invoices.signed_total <> 0
                then cast(invoices.signed_company_total as double) / cast(invoices.signed_total as double)
            else invoices.conversion
        end as conversion,
        shipped_costs.cost_price as unit_cost,
        invoice_lines.order_line_id as order_line,
        cast(null as {{ dbt.type_string() }}) as generated_from_line_id,
        cast(null as date) as first_confirmed_date,
        cast(null as date) as last_confirmed_date,
        cast(null as decimal(18, 4)) as cancelled_quantity,
        cast(null as {{ dbt.type_timestamp() }}) as cancelled_at,
        cast(null as bigint) as picked_by,
        cast(null as bigint) as warehouse
    from invoice_lines
    inner join invoices
        on invoice_lines.source_id = invoices.source_id and invoice_lines.invoice_id = invoices.id
    left join shipped_costs
        on
            invoice_lines.source_id = shipped_costs.source_id
            and invoice_lines.order_line_id = shipped_costs.order_line_id
),

final as (
    select
        unified.source_id,
        'tryton' as source_system,
        unified.document_line_id,
        unified.document_id,
        unified.company_id,
        unified.line_number,
        unified.line_type,
        {{ key('unified.source_id', 'product.product', 'unified.product') }} as product_id,
        coalesce(nullif(unified.description, ''), products.name) as description,
        unified.quantity,
        unified.unit,
        unified.unit_price_excl_tax,
        case
            when unified.unit_price_excl_tax > unified.unit_price and unified.unit_price >= 0
                then round((1 - {{ ratio('unified.unit_price', 'unified.unit_price_excl_tax') }}) * 100, 4)
            else 0
        end as discount_percent,
        unified.amount as amount_excl_tax,
        {{ tryton_converted('unified.amount', 'unified.conversion') }} as company_amount_excl_tax,
        coalesce(unified.unit_cost, products.standard_cost) as unit_cost,
        {{ key('unified.source_id', 'sale.line', 'unified.order_line') }} as order_line_id,
        unified.generated_from_line_id,
        unified.first_confirmed_date,
        unified.last_confirmed_date,
        unified.cancelled_quantity,
        unified.cancelled_at,
        {{ key('unified.source_id', 'company.employee', 'unified.picked_by') }} as picked_by_id,
        locations.name as site
    from unified
    left join products
        on products.product_id = {{ key('unified.source_id', 'product.product', 'unified.product') }}
    left join locations
        on unified.source_id = locations.source_id and unified.warehouse = locations.id
)

{{ conform('document_lines', lacks=[
    'amount_tax', 'amount_incl_tax', 'requested_date', 'cancelled_by', 'cancellation_reason', 'salesperson_id',
]) }}

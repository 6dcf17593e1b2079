-- One row per line of a quote, order, shipment (worth what its order says) or invoice.
{{ config(materialized='table') }}

with

quotes as (
    select * from {{ ref('stg_dolibarr__quotes') }}
),

orders as (
    select * from {{ ref('stg_dolibarr__orders') }}
),

shipments as (
    select * from {{ ref('stg_dolibarr__shipments') }}
),

invoice_lines as (
    select * from {{ ref('stg_dolibarr__invoice_lines') }}
),

order_lines as (
    select * from {{ raw('dolibarr', 'llx_commandedet') }}
),

warehouses as (
    select * from {{ raw('dolibarr', 'llx_entrepot') }}
),

units as (
    select * from {{ raw('dolibarr', 'llx_c_units') }}
),

products as (
    select * from {{ ref('stg_dolibarr__products') }}
),

sold as (
    {%- for header, table, column, kind, number in [
        ('quotes', 'llx_propaldet', 'fk_propal', 'propaldet', 'quote'), ('orders', 'llx_commandedet', 'fk_commande', 'commandedet', 'order_number'),
    ] %}
    select
        lines.source_id,
        {{ key('lines.source_id', kind, 'lines.rowid') }} as document_line_id,
        headers.document_id,
        headers.company_id,
        lines.rang,
        case
            when lines.fk_remise_except is not null then 'discount'
            when lines.special_code = 1 then 'freight'
            when lines.product_type = 1 then 'service'
            when lines.fk_product is null and lines.subprice < 0 then 'discount'
            else 'product'
        end as line_type,
        lines.fk_product,
        lines.description,
        lines.fk_unit,
        lines.qty as quantity,
        case when headers.currency_code <> headers.company_currency_code then lines.multicurrency_subprice else lines.subprice end as unit_price,
        lines.remise_percent,
        case when headers.currency_code <> headers.company_currency_code then lines.multicurrency_total_ht else lines.total_ht end as amount_excl_tax,
        case when headers.currency_code <> headers.company_currency_code then lines.multicurrency_total_ttc else lines.total_ttc end
            as amount_incl_tax,
        lines.total_ht as company_amount_excl_tax,
        nullif(lines.buy_price_ht, 0) as unit_cost,
        cast(null as bigint) as order_line,
        cast(null as bigint) as warehouse
    from {{ raw('dolibarr', table) }} as lines
    inner join {{ header }} as headers
        on lines.source_id = headers.source_id and lines.{{ column }} = headers.{{ number }}
    where coalesce(lines.product_type, 0) <> 9
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

shipped as (
    select
        lines.source_id,
        {{ key('lines.source_id', 'expeditiondet', 'lines.rowid') }} as document_line_id,
        shipments.document_id,
        shipments.company_id,
        lines.rang,
        case when order_lines.product_type = 1 then 'service' else 'product' end as line_type,
        order_lines.fk_product,
        order_lines.description,
        order_lines.fk_unit,
        lines.qty as quantity,
        case when orders.currency_code <> orders.company_currency_code then order_lines.multicurrency_subprice else order_lines.subprice end
            as unit_price,
        order_lines.remise_percent,
        {{ apportioned(
            "case when orders.currency_code <> orders.company_currency_code then order_lines.multicurrency_total_ht else order_lines.total_ht end",
            'lines.qty', 'order_lines.qty'
        ) }} as amount_excl_tax,
        cast(null as decimal(18, 4)) as amount_incl_tax,
        {{ apportioned('order_lines.total_ht', 'lines.qty', 'order_lines.qty') }} as company_amount_excl_tax,
        nullif(order_lines.buy_price_ht, 0) as unit_cost,
        lines.fk_elementdet as order_line,
        lines.fk_entrepot as warehouse
    from {{ raw('dolibarr', 'llx_expeditiondet') }} as lines
    inner join shipments
        on lines.source_id = shipments.source_id and lines.fk_expedition = shipments.shipment
    left join order_lines
        on lines.source_id = order_lines.source_id and lines.fk_elementdet = order_lines.rowid
    left join orders
        on order_lines.source_id = orders.source_id and order_lines.fk_commande = orders.order_number
),

unified as (
    select * from sold
    union all
    select * from shipped
    union all
    select
        source_id,
        {{ key('source_id', 'facturedet', 'line') }} as document_line_id,
        document_id,
        company_id,
        rang,
        line_type,
        fk_product,
        description,
        fk_unit,
        quantity,
        unit_price,
        remise_percent,
        amount_excl_tax,
        amount_incl_tax,
        company_amount_excl_tax,
        unit_cost,
        order_line,
        cast(null as bigint) as warehouse
    from invoice_lines
),

final as (
    select
        unified.source_id,
        'dolibarr' as source_system,
        unified.document_line_id,
        unified.document_id,
        unified.company_id,
        unified.rang as line_number,
        unified.line_type,
        {{ key('unified.source_id', 'product', 'unified.fk_product') }} as product_id,
        coalesce(nullif(trim(unified.description), ''), products.name) as description,
        coalesce(unified.quantity, 0) as quantity,
        coalesce(units.short_label, products.unit) as unit,
        unified.unit_price as unit_price_excl_tax,
        coalesce(unified.remise_percent, 0) as discount_percent,
        coalesce(unified.amount_excl_tax, 0) as amount_excl_tax,
        unified.amount_incl_tax - unified.amount_excl_tax as amount_tax,
        unified.amount_incl_tax,
        coalesce(unified.company_amount_excl_tax, 0) as company_amount_excl_tax,
        coalesce(unified.unit_cost, products.standard_cost) as unit_cost,
        {{ key('unified.source_id', 'commandedet', 'unified.order_line') }} as order_line_id,
        warehouses.ref as site
    from unified
    left join products
        on products.product_id = {{ key('unified.source_id', 'product', 'unified.fk_product') }}
    left join units
        on unified.source_id = units.source_id and unified.fk_unit = units.rowid
    left join warehouses
        on unified.source_id = warehouses.source_id and unified.warehouse = warehouses.rowid
)

{{ conform('document_lines', lacks=[
    'generated_from_line_id', 'requested_date', 'first_confirmed_date', 'last_confirmed_date', 'cancelled_quantity', 'cancelled_at',
    'cancelled_by', 'cancellation_reason', 'picked_by_id', 'salesperson_id',
]) }}

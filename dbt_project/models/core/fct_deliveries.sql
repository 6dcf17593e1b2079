-- One row per line of a delivery note or return.
with documents as (
    select * from {{ ref('fct_documents') }}
    where document_type in ('delivery_note', 'return')
),

lines as (
    select * from {{ ref('int_document_lines') }}
),

order_lines as (
    select document_line_id, document_id
    from {{ ref('int_document_lines') }}
)

select
    lines.document_line_id as delivery_line_id,
    lines.document_id,
    documents.company_id,
    documents.document_type,
    documents.document_number,
    documents.sold_to_customer_id,
    documents.ship_to_customer_id,
    coalesce({{ known('lines.product_id') }}, 'unknown') as product_id,
    lines.line_type,
    lines.order_line_id,
    order_lines.document_id as order_id,
    coalesce(documents.delivery_reason, case when documents.document_type = 'return' then 'return' else 'sale' end) as delivery_reason,
    documents.is_backorder,
    coalesce(lines.site, documents.site) as site,
    documents.carrier,
    documents.incoterm,
    coalesce({{ known('lines.picked_by_id') }}, 'unknown') as picked_by_id,
    documents.shipped_at,
    -- Without the time of it, a shipped note left on its date.
    coalesce(documents.shipped_date, case when documents.status in ('shipped', 'invoiced', 'settled') then documents.document_date end) as shipped_date,
    documents.status in ('shipped', 'invoiced', 'settled') as is_shipped,
    lines.quantity,
    {{ money("case when documents.document_type = 'return' then -lines.quantity else lines.quantity end") }} as net_quantity,
    lines.unit,
    lines.amount_excl_tax,
    lines.company_amount_excl_tax,
    lines.unit_cost,
    documents.currency_code
from lines
inner join documents on lines.document_id = documents.document_id
left join order_lines on lines.order_line_id = order_lines.document_line_id
{{ join_known('product', 'lines.product_id') }}
{{ join_known('employee', 'lines.picked_by_id') }}

-- One row per order: when each milestone was reached and the working minutes of each stage.
{%- set stages = [
    'entry', 'acknowledgement', 'validation', 'picking', 'shipping', 'invoicing', 'sending',
    'order_processing', 'order_to_shipment', 'order_to_invoice',
    'waiting_for_customer', 'waiting_for_credit', 'waiting_for_sales', 'waiting_for_stock',
] %}
with orders as (
    select * from {{ ref('fct_documents') }}
    where document_type = 'order'
),

stages as (
    select
        order_id,
        max(case when stage = 'picking' then ended_at end) as picked_at,
        max(case when stage = 'order_to_shipment' then ended_at end) as first_shipped_at,
        max(case when stage = 'order_to_invoice' then ended_at end) as first_invoiced_at,
        max(case when stage = 'sending' then ended_at end) as invoice_sent_at,
        {%- for stage in stages %}
        max(case when stage = '{{ stage }}' then working_minutes end) as {{ stage }}_minutes{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_order_stages') }}
    group by order_id
)

select
    orders.document_id as order_id,
    orders.company_id,
    {{ as_of_date() }} as as_of_date,
    orders.document_number as order_number,
    orders.sold_to_customer_id,
    orders.channel,
    orders.team,
    orders.status,
    orders.received_at,
    orders.entered_at,
    orders.acknowledged_at,
    orders.validated_at,
    stages.picked_at,
    stages.first_shipped_at,
    stages.first_invoiced_at,
    stages.invoice_sent_at,
    {%- for stage in stages %}
    stages.{{ stage }}_minutes{{ ',' if not loop.last }}
    {%- endfor %}
from orders
left join stages on orders.document_id = stages.order_id

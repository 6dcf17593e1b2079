-- One row per order: when each milestone was reached, the working minutes of each stage that has
-- ended, and where an order that is not finished stands and since when.
{%- set stages = [
    'entry', 'acknowledgement', 'validation', 'credit_release', 'picking', 'shipping', 'invoicing', 'sending',
    'order_processing', 'order_to_shipment', 'order_to_invoice',
    'waiting_for_customer', 'waiting_for_credit', 'waiting_for_sales', 'waiting_for_stock',
] %}
{#-
    The first one that lasts is where the order stands: a block before all others, then in the order of
    an order's life; a missing acknowledgement holds nothing up.
-#}
{%- set current_stages = [
    'waiting_for_credit', 'waiting_for_customer', 'validation', 'credit_release', 'picking', 'shipping', 'invoicing', 'sending',
    'payment', 'acknowledgement',
] %}
with orders as (
    select * from {{ ref('fct_documents') }}
    where document_type = 'order'
),

-- All stays in a stage; it has ended when none of them lasts or was left without its end.
order_stages as (
    select
        order_id,
        stage,
        case when count(ended_at) = count(*) then max(ended_at) end as ended_at,
        case when count(ended_at) = count(*) then max(ended_on) end as ended_on,
        max(case when left_at is null then started_at end) as lasts_since,
        cast(sum(working_minutes) as decimal(18, 2)) as working_minutes,
        max(calendar_days) as calendar_days,
        max(term_days) as term_days
    from {{ ref('int_order_stages') }}
    group by order_id, stage
),

lasting as (
    select
        order_id,
        stage,
        lasts_since,
        working_minutes,
        row_number() over (
            partition by order_id
            order by case stage
                {%- for stage in current_stages %}
                when '{{ stage }}' then {{ loop.index }}
                {%- endfor %}
            end
        ) as position
    from order_stages
    where lasts_since is not null and stage in ('{{ current_stages | join("', '") }}')
),

stages as (
    select
        order_id,
        max(case when stage = 'credit_release' then ended_at end) as credit_released_at,
        max(case when stage = 'picking' then ended_at end) as picked_at,
        max(case when stage = 'order_to_shipment' then ended_at end) as first_shipped_at,
        max(case when stage = 'order_to_invoice' then ended_at end) as first_invoiced_at,
        max(case when stage = 'sending' then ended_at end) as invoice_sent_at,
        max(case when stage = 'payment' then ended_on end) as first_invoice_paid_on,
        max(case when stage = 'order_to_shipment' and lasts_since is not null then working_minutes end) as unshipped_minutes,
        max(case when stage = 'payment' then calendar_days end) as payment_days,
        max(case when stage = 'payment' then term_days end) as payment_term_days,
        {%- for stage in stages %}
        max(case when stage = '{{ stage }}' and ended_at is not null then working_minutes end) as {{ stage }}_minutes{{ ',' if not loop.last }}
        {%- endfor %}
    from order_stages
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
    stages.credit_released_at,
    stages.picked_at,
    stages.first_shipped_at,
    stages.first_invoiced_at,
    stages.invoice_sent_at,
    stages.first_invoice_paid_on,
    orders.received_at is null and orders.entered_at is not null as starts_at_entry,
    {%- for stage in stages %}
    stages.{{ stage }}_minutes,
    {%- endfor %}
    stages.payment_days,
    stages.payment_term_days,
    stages.payment_days - stages.payment_term_days as payment_days_late,
    lasting.stage as current_stage,
    lasting.lasts_since as current_stage_since,
    lasting.working_minutes as current_stage_minutes,
    stages.unshipped_minutes
from orders
left join stages on orders.document_id = stages.order_id
left join lasting on orders.document_id = lasting.order_id and lasting.position = 1

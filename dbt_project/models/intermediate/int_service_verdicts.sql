-- One row per booked order line of goods and date reference: whether it was delivered as promised,
-- what the first delivery brought, and why it failed.
{%- set lead_days = var('shipping_lead_days') | int %}
with references_of_lines as (
    {%- for reference, suffix in [('first_confirmed', ''), ('last_confirmed', '_last_confirmed'), ('requested', '_requested')] %}
    select
        order_line_id,
        order_id,
        company_id,
        sold_to_customer_id,
        product_id,
        site,
        '{{ reference }}' as date_reference,
        {{ reference }}_date as reference_date,
        booked_date,
        ordered_quantity,
        company_amount_excl_tax,
        first_shipped_date,
        open_quantity,
        cancelled_by = 'us' as is_cancelled_by_us,
        -- What the customer gave up is not owed.
        ordered_quantity - case when cancelled_by = 'us' then 0 else cancelled_quantity end as owed_quantity,
        is_on_time{{ suffix }}{{ ' as is_on_time' if suffix }},
        is_in_full{{ suffix }}{{ ' as is_in_full' if suffix }},
        is_otif{{ suffix }}{{ ' as is_otif' if suffix }}
    from {{ ref('fct_order_lines') }}
    where document_type = 'order' and is_booked and is_deliverable and ordered_quantity > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

shipments as (
    select order_line_id, shipped_date, sum(quantity) as quantity
    from {{ ref('fct_deliveries') }}
    where document_type = 'delivery_note' and is_shipped and order_line_id is not null and shipped_date <= {{ as_of_date() }}
    group by order_line_id, shipped_date
),

-- The first delivery of what was promised for one day: a line that is not on it is a backorder.
first_deliveries as (
    select
        *,
        min(first_shipped_date) over (partition by order_id, date_reference, reference_date) as first_delivery_date
    from references_of_lines
),

-- Until when an order was held up, and by whom.
waits as (
    select
        stage.order_id
        {%- for party in ['credit', 'customer', 'stock'] %},
        max(case
            when stage.stage = 'waiting_for_{{ party }}'
                then coalesce({{ local_date('stage.left_at', 'company.time_zone') }}, cast('9999-12-31' as date))
        end) as waited_for_{{ party }}_until
        {%- endfor %}
    from {{ ref('int_order_stages') }} as stage
    inner join {{ ref('dim_company') }} as company on stage.company_id = company.company_id
    where stage.stage like 'waiting%'
    group by stage.order_id
)

select
    lines.order_line_id,
    lines.date_reference,
    lines.order_id,
    lines.company_id,
    lines.sold_to_customer_id,
    lines.product_id,
    lines.site,
    coalesce(orders.carrier, 'unknown') as carrier,
    lines.reference_date,
    lines.ordered_quantity,
    lines.company_amount_excl_tax,
    lines.is_on_time,
    lines.is_in_full,
    lines.is_otif,
    -- Neither failed nor to come: it was given up by the date, and not by us.
    lines.is_otif is null and lines.reference_date is not null and lines.open_quantity = 0 as is_excluded,
    cast(lines.owed_quantity as decimal(18, 4)) as owed_quantity,
    cast(least(coalesce(shipments.quantity, 0), lines.owed_quantity) as decimal(18, 4)) as first_delivery_quantity,
    case
        when lines.is_otif is null or lines.is_otif then null
        when lines.is_cancelled_by_us then 'cancelled_by_us'
        when waits.waited_for_credit_until > {{ add_days('lines.reference_date', -lead_days) }} then 'credit'
        when waits.waited_for_customer_until > {{ add_days('lines.reference_date', -lead_days) }} then 'customer'
        when lines.booked_date > lines.reference_date then 'late_validation'
        when waits.waited_for_stock_until > lines.reference_date then 'stock'
        when lines.first_shipped_date <= lines.reference_date then 'short_delivery'
        when lines.first_shipped_date is not null or lines.open_quantity > 0 then 'warehouse'
        else 'unknown'
    end as failure_cause
from first_deliveries as lines
inner join {{ ref('fct_documents') }} as orders on lines.order_id = orders.document_id
left join shipments
    on lines.order_line_id = shipments.order_line_id and lines.first_delivery_date = shipments.shipped_date
left join waits on lines.order_id = waits.order_id

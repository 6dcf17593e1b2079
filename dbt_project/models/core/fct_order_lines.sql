-- One row per line of an order or framework order, as it stood on the as-of date.
{%- set references = ['first_confirmed_date', 'last_confirmed_date', 'requested_date'] %}
with orders as (
    select
        orders.*,
        orders.validated_at is null and recorded.validated_at is not null as is_validated_later
    from {{ ref('fct_documents') }} as orders
    left join {{ ref('int_documents') }} as recorded on orders.document_id = recorded.document_id
    where orders.document_type in ('order', 'framework_order')
),

companies as (
    select company_id, time_zone, as_of_ends_at
    from {{ ref('dim_company') }}
),

terms as (
    select
        terms.*,
        row_number() over (partition by terms.document_line_id order by terms.term_number desc) as preference
    from {{ ref('int_order_line_terms') }} as terms
    inner join orders on terms.document_id = orders.document_id
    inner join companies on orders.company_id = companies.company_id
    where terms.term_number = 0 or terms.valid_from_at < companies.as_of_ends_at
),

-- Lines of which something is ready to be picked, and the sources that tell so.
preparations as (
    select documents.source_id, documents.status, lines.order_line_id
    from {{ ref('int_document_lines') }} as lines
    inner join {{ ref('fct_documents') }} as documents on lines.document_id = documents.document_id
    where documents.document_type = 'preparation' and lines.order_line_id is not null
),

preparing_sources as (
    select distinct source_id
    from preparations
),

prepared_lines as (
    select distinct order_line_id
    from preparations
    where status = 'in_preparation'
),

-- Dates and cancellations of the line, else of its order; what came after the as-of date is undone. A promise
-- is made with the validation, and none before it.
lines as (
    select
        lines.*,
        orders.company_id as resolved_company_id,
        orders.document_type,
        orders.document_number,
        orders.status,
        orders.channel,
        orders.sold_to_customer_id,
        orders.ship_to_customer_id,
        orders.agent_id,
        orders.salesperson_id as order_salesperson_id,
        orders.team,
        orders.site as order_site,
        orders.incoterm,
        orders.currency_code,
        orders.document_date as order_date,
        orders.created_date,
        orders.booked_date,
        orders.booked_date is not null as is_booked,
        orders.status in {{ closing_statuses() }} as is_closed,
        lines.line_type = 'product' as is_deliverable,
        terms.quantity as ordered_quantity,
        terms.priced_amount,
        terms.priced_quantity,
        case when not orders.is_validated_later then terms.promised_date end as promised_date,
        coalesce(lines.requested_date, orders.requested_date) as line_requested_date,
        case when not orders.is_validated_later then coalesce(lines.first_confirmed_date, orders.first_confirmed_date) end
            as line_first_confirmed_date,
        -- Terms are what was promised by the as-of date, lines hold today's promise.
        case
            when not orders.is_validated_later and coalesce(lines.last_confirmed_date, orders.last_confirmed_date) is not null
                then terms.promised_date
        end as line_last_confirmed_date,
        case
            when preparing_sources.source_id is null then orders.status = 'in_preparation'
            else prepared_lines.order_line_id is not null
        end as is_prepared,
        case
            when lines.cancelled_at is null or lines.cancelled_at < companies.as_of_ends_at
                then coalesce(lines.cancelled_quantity, 0)
            else 0
        end as cancelled_quantity_then,
        coalesce({{ local_date('lines.cancelled_at', 'companies.time_zone') }}, orders.cancelled_date, orders.closed_date) as cancelled_on,
        coalesce(orders.cancelled_date, orders.closed_date) as order_closed_on,
        coalesce(lines.cancelled_by, orders.cancelled_by) as cancelled_by_whom
    from {{ ref('int_document_lines') }} as lines
    inner join orders on lines.document_id = orders.document_id
    inner join companies on orders.company_id = companies.company_id
    inner join terms on lines.document_line_id = terms.document_line_id and terms.preference = 1
    left join preparing_sources on orders.source_id = preparing_sources.source_id
    left join prepared_lines on lines.document_line_id = prepared_lines.order_line_id
),

deliveries as (
    select
        delivery.order_line_id,
        sum(case when delivery.document_type = 'delivery_note' then delivery.quantity else 0 end) as delivered_quantity,
        sum(case when delivery.document_type = 'return' then delivery.quantity else 0 end) as returned_quantity,
        sum(case when delivery.document_type = 'delivery_note' and delivery.delivery_reason = 'sale' then delivery.quantity else 0 end) as sold_quantity,
        min(case when delivery.document_type = 'delivery_note' then delivery.shipped_date end) as first_shipped_date,
        max(case when delivery.document_type = 'delivery_note' then delivery.shipped_date end) as last_shipped_date,
        count(distinct case when delivery.document_type = 'delivery_note' then delivery.document_id end) as delivery_count
        {%- for reference in references %},
        sum(
            case
                when delivery.document_type = 'delivery_note' and delivery.shipped_date <= lines.line_{{ reference }}
                    then delivery.quantity
                else 0
            end
        ) as delivered_by_{{ reference }}
        {%- endfor %}
    from {{ ref('fct_deliveries') }} as delivery
    inner join lines on delivery.order_line_id = lines.document_line_id
    where delivery.is_shipped and delivery.shipped_date <= {{ as_of_date() }}
    group by delivery.order_line_id
),

invoices as (
    select
        order_line_id,
        sum(case when document_type = 'invoice' then net_quantity else 0 end) as invoiced_quantity,
        sum(case when document_type = 'credit_note' then -net_quantity else 0 end) as credited_quantity,
        sum(case when document_type = 'credit_note' and reverses_invoice then -net_quantity else 0 end) as reversed_quantity,
        min(invoice_date) as first_invoice_date
    from {{ ref('fct_invoice_lines') }}
    where is_issued and document_type <> 'deposit_invoice' and order_line_id is not null
    group by order_line_id
),

-- Freight and services can be invoiced once something left, or at once where nothing will.
orders_begun as (
    select
        document_id,
        max(case when is_deliverable then 1 else 0 end) = 1 as is_shipped_order,
        count(deliveries.first_shipped_date) > 0 as is_begun
    from lines
    left join deliveries on lines.document_line_id = deliveries.order_line_id
    group by document_id
),

measured as (
    select
        lines.*,
        coalesce(deliveries.delivered_quantity, 0) as delivered_quantity,
        coalesce(deliveries.returned_quantity, 0) as returned_quantity,
        coalesce(deliveries.delivery_count, 0) as delivery_count,
        deliveries.first_shipped_date,
        deliveries.last_shipped_date,
        coalesce(invoices.invoiced_quantity, 0) as invoiced_quantity,
        coalesce(invoices.credited_quantity, 0) as credited_quantity,
        invoices.first_invoice_date,
        case
            when lines.is_booked and not lines.is_closed and lines.is_deliverable
                then greatest(lines.ordered_quantity - lines.cancelled_quantity_then - coalesce(deliveries.delivered_quantity, 0), 0)
            else 0
        end as open_quantity,
        case
            when lines.is_booked and lines.is_closed and lines.is_deliverable
                then greatest(lines.ordered_quantity - lines.cancelled_quantity_then - coalesce(deliveries.delivered_quantity, 0), 0)
            else 0
        end as closed_quantity,
        case
            when not lines.is_booked or lines.line_type = 'deposit' then 0
            when lines.is_deliverable
                then
                    greatest(
                        coalesce(deliveries.sold_quantity, 0)
                        - {{ settled_quantity("coalesce(invoices.invoiced_quantity, 0)", "coalesce(invoices.credited_quantity, 0)", "coalesce(invoices.reversed_quantity, 0)", "coalesce(deliveries.returned_quantity, 0)") }},
                        0
                    )
            when orders_begun.is_shipped_order and not orders_begun.is_begun then 0
            -- What left was freighted all the same, even if its order was closed short.
            when lines.is_closed and not orders_begun.is_shipped_order then 0
            else
                greatest(
                    lines.ordered_quantity - lines.cancelled_quantity_then
                    - {{ settled_quantity("coalesce(invoices.invoiced_quantity, 0)", "coalesce(invoices.credited_quantity, 0)", "coalesce(invoices.reversed_quantity, 0)", "0") }},
                    0
                )
        end as quantity_to_invoice,
        lines.cancelled_by_whom = 'us' and (lines.cancelled_quantity_then > 0 or lines.is_closed) as is_cancelled_by_us,
        -- What was delivered in full before its order was closed short was not given up.
        lines.cancelled_quantity_then > 0
        or (
            lines.is_closed
            and (
                lines.status in ('cancelled', 'rejected', 'expired')
                or (lines.is_deliverable and lines.ordered_quantity - lines.cancelled_quantity_then > coalesce(deliveries.delivered_quantity, 0))
            )
        ) as is_given_up
        {%- for reference in references %},
        lines.line_{{ reference }} as {{ reference }}_then,
        coalesce(deliveries.delivered_by_{{ reference }}, 0) as delivered_by_{{ reference }}
        {%- endfor %}
    from lines
    left join deliveries on lines.document_line_id = deliveries.order_line_id
    left join invoices on lines.document_line_id = invoices.order_line_id
    left join orders_begun on lines.document_id = orders_begun.document_id
),

-- What was owed on each date: the order, less what the customer himself gave up before it.
judged as (
    select
        document_line_id,
        is_booked,
        is_deliverable,
        open_quantity,
        delivered_quantity,
        last_shipped_date,
        coalesce(is_cancelled_by_us, false) as is_cancelled_by_us
        {%- for reference in references %},
        {{ reference }}_then as {{ reference }},
        delivered_by_{{ reference }},
        case
            when coalesce(is_cancelled_by_us, false) then ordered_quantity
            else
                ordered_quantity
                - case when cancelled_on > {{ reference }}_then then 0 else cancelled_quantity_then end
                - case when order_closed_on > {{ reference }}_then then 0 else closed_quantity end
        end as target_{{ reference }}
        {%- endfor %}
    from measured
),

verdicts as (
    select
        document_line_id,
        {{ service_verdict('on_time', 'first_confirmed_date') }} as is_on_time,
        {{ service_verdict('otif', 'first_confirmed_date') }} as is_otif,
        {{ service_verdict('on_time', 'last_confirmed_date') }} as is_on_time_last_confirmed,
        {{ service_verdict('otif', 'last_confirmed_date') }} as is_otif_last_confirmed,
        {{ service_verdict('on_time', 'requested_date') }} as is_on_time_requested,
        {{ service_verdict('otif', 'requested_date') }} as is_otif_requested,
        {{ service_verdict('in_full', 'first_confirmed_date') }} as is_in_full,
        {{ service_verdict('in_full', 'last_confirmed_date') }} as is_in_full_last_confirmed,
        {{ service_verdict('in_full', 'requested_date') }} as is_in_full_requested
    from judged
)

select
    measured.document_line_id as order_line_id,
    measured.document_id as order_id,
    measured.resolved_company_id as company_id,
    measured.document_type,
    measured.document_number,
    measured.line_number,
    measured.line_type,
    measured.status as order_status,
    measured.channel,
    measured.sold_to_customer_id,
    measured.ship_to_customer_id,
    coalesce({{ known('measured.product_id') }}, 'unknown') as product_id,
    measured.agent_id,
    coalesce({{ known('measured.salesperson_id') }}, measured.order_salesperson_id) as salesperson_id,
    measured.team,
    coalesce(measured.site, measured.order_site) as site,
    measured.incoterm,
    measured.currency_code,
    measured.unit,
    measured.order_date,
    measured.created_date,
    measured.booked_date,
    measured.requested_date_then as requested_date,
    measured.first_confirmed_date_then as first_confirmed_date,
    measured.last_confirmed_date_then as last_confirmed_date,
    measured.promised_date,
    measured.is_booked,
    measured.is_deliverable,
    measured.is_closed,
    {{ money('measured.ordered_quantity') }} as ordered_quantity,
    {{ money('measured.cancelled_quantity_then') }} as cancelled_quantity,
    {{ money('measured.closed_quantity') }} as closed_quantity,
    {{ money('measured.delivered_quantity') }} as delivered_quantity,
    {{ money('measured.returned_quantity') }} as returned_quantity,
    {{ money('measured.invoiced_quantity') }} as invoiced_quantity,
    {{ money('measured.credited_quantity') }} as credited_quantity,
    {{ money('measured.open_quantity') }} as open_quantity,
    {{ money('measured.quantity_to_invoice') }} as quantity_to_invoice,
    measured.amount_excl_tax,
    {{ apportioned('measured.priced_amount', 'measured.ordered_quantity', 'measured.priced_quantity') }} as company_amount_excl_tax,
    {{ apportioned('measured.priced_amount', 'measured.open_quantity', 'measured.priced_quantity') }} as company_open_amount_excl_tax,
    {{ apportioned('measured.priced_amount', 'measured.quantity_to_invoice', 'measured.priced_quantity') }} as company_amount_to_invoice_excl_tax,
    measured.first_shipped_date,
    measured.last_shipped_date,
    case
        when measured.is_booked and measured.is_deliverable and measured.open_quantity = 0 and measured.delivered_quantity > 0
            then measured.last_shipped_date
    end as completed_date,
    cast(measured.delivery_count as bigint) as delivery_count,
    measured.first_invoice_date,
    case when measured.is_given_up then measured.cancelled_on end as cancelled_date,
    case when measured.is_given_up then measured.cancelled_by_whom end as cancelled_by,
    measured.cancellation_reason,
    measured.open_quantity > 0 and measured.delivered_quantity > 0 as is_backorder,
    measured.open_quantity > 0 and measured.is_prepared as is_in_preparation,
    measured.open_quantity > 0 and coalesce(measured.promised_date < {{ as_of_date() }}, false) as is_past_due,
    verdicts.is_in_full,
    verdicts.is_on_time,
    verdicts.is_otif,
    verdicts.is_in_full_last_confirmed,
    verdicts.is_on_time_last_confirmed,
    verdicts.is_otif_last_confirmed,
    verdicts.is_in_full_requested,
    verdicts.is_on_time_requested,
    verdicts.is_otif_requested
from measured
inner join verdicts on measured.document_line_id = verdicts.document_line_id
{{ join_known('product', 'measured.product_id') }}
{{ join_known('employee', 'measured.salesperson_id') }}

-- One row per book, order line and movement: what was open before and after it.
-- The book to deliver opens when the order is validated; the book to invoice when goods leave.
with order_lines as (
    select
        fact.*,
        company.country_code,
        company.time_zone,
        company.as_of_ends_at
    from {{ ref('fct_order_lines') }} as fact
    inner join {{ ref('dim_company') }} as company on fact.company_id = company.company_id
    where fact.is_booked
),

orders as (
    select document_id, status, closed_date, cancelled_date, document_date
    from {{ ref('fct_documents') }}
    where document_type in ('order', 'framework_order')
),

-- The terms that the line was booked with, then each change of them.
terms as (
    select
        terms.document_line_id,
        terms.quantity,
        terms.priced_amount,
        terms.priced_quantity,
        terms.promised_date,
        case
            when terms.term_number = 0 then order_lines.booked_date
            else greatest({{ local_date('terms.valid_from_at', 'order_lines.time_zone') }}, order_lines.booked_date)
        end as occurred_on,
        row_number() over (
            partition by terms.document_line_id,
            case
                when terms.term_number = 0
                    or {{ local_date('terms.valid_from_at', 'order_lines.time_zone') }} <= order_lines.booked_date
                    then 0
                else terms.term_number
            end
            order by terms.term_number desc
        ) as preference,
        terms.term_number
    from {{ ref('int_order_line_terms') }} as terms
    inner join order_lines on terms.document_line_id = order_lines.order_line_id
    where terms.term_number = 0 or terms.valid_from_at < order_lines.as_of_ends_at
),

terms_in_force as (
    select
        *,
        row_number() over (partition by document_line_id order by term_number) as position,
        row_number() over (partition by document_line_id order by term_number desc) as position_from_end
    from terms
    where preference = 1
),

deliveries as (
    select
        order_line_id,
        shipped_date,
        sum(case when document_type = 'delivery_note' then quantity else 0 end) as delivered_quantity,
        sum(case when document_type = 'delivery_note' and delivery_reason = 'sale' then quantity else 0 end) as sold_quantity,
        sum(case when document_type = 'return' then quantity else 0 end) as returned_quantity
    from {{ ref('fct_deliveries') }}
    where is_shipped and order_line_id is not null and shipped_date <= {{ as_of_date() }}
    group by order_line_id, shipped_date
),

invoices as (
    select
        order_line_id,
        invoice_date,
        sum(case when document_type = 'invoice' then net_quantity else 0 end) as invoiced_quantity,
        sum(case when document_type = 'credit_note' then -net_quantity else 0 end) as credited_quantity,
        sum(case when document_type = 'credit_note' and reverses_invoice then -net_quantity else 0 end) as reversed_quantity
    from {{ ref('fct_invoice_lines') }}
    where is_issued and document_type <> 'deposit_invoice' and order_line_id is not null
    group by order_line_id, invoice_date
),

closures as (
    select
        order_lines.order_line_id,
        greatest(
            coalesce(orders.cancelled_date, orders.closed_date, orders.document_date), order_lines.booked_date
        ) as closed_on
    from order_lines
    inner join orders on order_lines.order_id = orders.document_id
    where order_lines.is_closed
),

first_shipments as (
    select order_lines.order_id, min(deliveries.shipped_date) as first_shipped_on
    from order_lines
    inner join deliveries on order_lines.order_line_id = deliveries.order_line_id
    group by order_lines.order_id
),

deliverable_orders as (
    select distinct order_id
    from order_lines
    where is_deliverable
),

-- Book to deliver: new, amended, delivered and cancelled, in this order within a day.
to_deliver_events as (
    select
        terms_in_force.document_line_id as order_line_id,
        terms_in_force.occurred_on,
        case when terms_in_force.position = 1 then 1 else 2 end as step,
        terms_in_force.position as tie,
        case when terms_in_force.position = 1 then 'new' else 'amended' end as movement,
        1 as is_term,
        cast(0 as decimal(18, 4)) as delivered_quantity,
        cast(0 as decimal(18, 4)) as cancelled_quantity,
        0 as closes
    from terms_in_force
    inner join order_lines on terms_in_force.document_line_id = order_lines.order_line_id
    where order_lines.is_deliverable
    union all
    select
        order_lines.order_line_id,
        greatest(deliveries.shipped_date, order_lines.booked_date),
        3,
        0,
        'fulfilled',
        0,
        deliveries.delivered_quantity,
        0,
        0
    from deliveries
    inner join order_lines on deliveries.order_line_id = order_lines.order_line_id
    where order_lines.is_deliverable and deliveries.delivered_quantity <> 0
    union all
    select
        order_line_id,
        greatest(coalesce(cancelled_date, booked_date), booked_date),
        4,
        0,
        'cancelled',
        0,
        0,
        cancelled_quantity,
        0
    from order_lines
    where is_deliverable and cancelled_quantity <> 0
    union all
    select
        closures.order_line_id,
        closures.closed_on,
        5,
        0,
        'cancelled',
        0,
        0,
        0,
        1
    from closures
    inner join order_lines on closures.order_line_id = order_lines.order_line_id
    where order_lines.is_deliverable
),

to_deliver_running as (
    select
        order_line_id,
        occurred_on,
        movement,
        row_number() over (partition by order_line_id order by occurred_on, step, tie) as position,
        sum(is_term) over (
            partition by order_line_id order by occurred_on, step, tie
            rows between unbounded preceding and current row
        ) as term_position,
        sum(delivered_quantity + cancelled_quantity) over (
            partition by order_line_id order by occurred_on, step, tie
            rows between unbounded preceding and current row
        ) as gone_quantity,
        max(closes) over (
            partition by order_line_id order by occurred_on, step, tie
            rows between unbounded preceding and current row
        ) as is_closed
    from to_deliver_events
),

to_deliver as (
    select
        'to_deliver' as book,
        running.order_line_id,
        running.position,
        running.occurred_on,
        running.movement,
        case when running.is_closed = 1 then 0 else greatest(terms_in_force.quantity - running.gone_quantity, 0) end as open_quantity,
        terms_in_force.priced_amount,
        terms_in_force.priced_quantity,
        terms_in_force.promised_date as due_date
    from to_deliver_running as running
    inner join terms_in_force
        on
            running.order_line_id = terms_in_force.document_line_id
            and running.term_position = terms_in_force.position
),

-- Book to invoice: goods when they leave; freight and services with the first shipment of their
-- order, or at once where nothing will be shipped.
to_invoice_events as (
    {%- set quantities = ['invoiceable', 'returned', 'invoiced', 'credited', 'reversed'] %}
    select
        order_lines.order_line_id,
        greatest(deliveries.shipped_date, order_lines.booked_date) as occurred_on,
        1 as step,
        'new' as movement,
        deliveries.sold_quantity as invoiceable,
        cast(0 as decimal(18, 4)) as returned,
        cast(0 as decimal(18, 4)) as invoiced,
        cast(0 as decimal(18, 4)) as credited,
        cast(0 as decimal(18, 4)) as reversed,
        0 as closes
    from deliveries
    inner join order_lines on deliveries.order_line_id = order_lines.order_line_id
    where order_lines.is_deliverable and deliveries.sold_quantity <> 0
    union all
    select
        order_lines.order_line_id,
        greatest(
            case when deliverable_orders.order_id is null then order_lines.booked_date else first_shipments.first_shipped_on end,
            order_lines.booked_date
        ),
        1,
        'new',
        order_lines.ordered_quantity - order_lines.cancelled_quantity,
        0,
        0,
        0,
        0,
        0
    from order_lines
    left join first_shipments on order_lines.order_id = first_shipments.order_id
    left join deliverable_orders on order_lines.order_id = deliverable_orders.order_id
    where
        not order_lines.is_deliverable
        and order_lines.line_type <> 'deposit'
        and (deliverable_orders.order_id is null or first_shipments.first_shipped_on is not null)
    union all
    select
        order_lines.order_line_id, greatest(deliveries.shipped_date, order_lines.booked_date), 2, 'amended', 0,
        deliveries.returned_quantity, 0, 0, 0, 0
    from deliveries
    inner join order_lines on deliveries.order_line_id = order_lines.order_line_id
    where order_lines.is_deliverable and deliveries.returned_quantity <> 0
    union all
    select
        order_lines.order_line_id, greatest(invoices.invoice_date, order_lines.booked_date), 3, 'fulfilled', 0,
        0, invoices.invoiced_quantity, 0, 0, 0
    from invoices
    inner join order_lines on invoices.order_line_id = order_lines.order_line_id
    where order_lines.line_type <> 'deposit' and invoices.invoiced_quantity <> 0
    union all
    select
        order_lines.order_line_id, greatest(invoices.invoice_date, order_lines.booked_date), 4, 'amended', 0,
        0, 0, invoices.credited_quantity, invoices.reversed_quantity, 0
    from invoices
    inner join order_lines on invoices.order_line_id = order_lines.order_line_id
    where order_lines.line_type <> 'deposit' and invoices.credited_quantity <> 0
    union all
    -- What no shipment has made due is not invoiced any more once the order is closed.
    select closures.order_line_id, closures.closed_on, 5, 'cancelled', 0, 0, 0, 0, 0, 1
    from closures
    inner join order_lines on closures.order_line_id = order_lines.order_line_id
    left join deliverable_orders on order_lines.order_id = deliverable_orders.order_id
    where not order_lines.is_deliverable and order_lines.line_type <> 'deposit' and deliverable_orders.order_id is null
),

to_invoice_sums as (
    select
        order_line_id,
        occurred_on,
        movement,
        row_number() over (partition by order_line_id order by occurred_on, step, invoiceable, returned, invoiced) as position,
        {%- for quantity in quantities %}
        sum({{ quantity }}) over (
            partition by order_line_id order by occurred_on, step, invoiceable, returned, invoiced
            rows between unbounded preceding and current row
        ) as {{ quantity }},
        {%- endfor %}
        max(closes) over (
            partition by order_line_id order by occurred_on, step, invoiceable, returned, invoiced
            rows between unbounded preceding and current row
        ) as is_closed
    from to_invoice_events
),

to_invoice_running as (
    select
        order_line_id,
        occurred_on,
        movement,
        position,
        invoiceable,
        case
            when is_closed = 1 then 0
            else greatest(invoiceable - {{ settled_quantity('invoiced', 'credited', 'reversed', 'returned') }}, 0)
        end as open_quantity
    from to_invoice_sums
),

-- The deadline runs from the first delivery that is not all invoiced: the oldest is invoiced first.
to_invoice_oldest as (
    select
        running.order_line_id,
        running.position,
        min(delivered.occurred_on) as delivered_on
    from to_invoice_running as running
    inner join to_invoice_sums as delivered
        on
            running.order_line_id = delivered.order_line_id
            and running.position >= delivered.position
            and running.invoiceable - running.open_quantity < delivered.invoiceable
    where running.open_quantity > 0 and delivered.movement = 'new'
    group by running.order_line_id, running.position
),

to_invoice as (
    select
        'to_invoice' as book,
        running.order_line_id,
        running.position,
        running.occurred_on,
        running.movement,
        running.open_quantity,
        terms_in_force.priced_amount,
        terms_in_force.priced_quantity,
        oldest.delivered_on
    from to_invoice_running as running
    inner join terms_in_force
        on running.order_line_id = terms_in_force.document_line_id and terms_in_force.position_from_end = 1
    left join to_invoice_oldest as oldest
        on running.order_line_id = oldest.order_line_id and running.position = oldest.position
),

movements as (
    select book, order_line_id, position, occurred_on, movement, open_quantity, priced_amount, priced_quantity, due_date
    from to_deliver
    union all
    select
        to_invoice.book,
        to_invoice.order_line_id,
        to_invoice.position,
        to_invoice.occurred_on,
        to_invoice.movement,
        to_invoice.open_quantity,
        to_invoice.priced_amount,
        to_invoice.priced_quantity,
        {{ invoice_deadline('to_invoice.delivered_on', 'order_lines.country_code') }} as due_date
    from to_invoice
    inner join order_lines on to_invoice.order_line_id = order_lines.order_line_id
),

valued as (
    select
        *,
        {{ apportioned('priced_amount', 'open_quantity', 'priced_quantity') }} as open_amount
    from movements
),

changes as (
    select
        *,
        lag(open_quantity) over (partition by book, order_line_id order by position) as previous_open_quantity,
        lag(open_amount) over (partition by book, order_line_id order by position) as previous_open_amount,
        lag(due_date) over (partition by book, order_line_id order by position) as previous_due_date,
        lead(occurred_on) over (partition by book, order_line_id order by position) as next_occurred_on
    from valued
)

select
    changes.book,
    changes.order_line_id,
    cast(changes.position as bigint) as movement_number,
    order_lines.order_id,
    order_lines.company_id,
    order_lines.document_type,
    order_lines.sold_to_customer_id,
    order_lines.product_id,
    order_lines.salesperson_id,
    order_lines.site,
    changes.occurred_on,
    changes.next_occurred_on,
    changes.movement,
    {{ money('changes.open_quantity') }} as open_quantity,
    changes.open_amount as company_open_amount_excl_tax,
    changes.due_date,
    {{ money('coalesce(changes.previous_open_quantity, 0)') }} as previous_open_quantity,
    {{ money('coalesce(changes.previous_open_amount, 0)') }} as previous_company_open_amount_excl_tax,
    changes.previous_due_date
from changes
inner join order_lines on changes.order_line_id = order_lines.order_line_id
where changes.occurred_on <= {{ as_of_date() }}

-- One row per order, order line (empty when no signal names it) and type of error made when it was
-- entered, whatever number of signals tell of it.
with orders as (
    select document_id, validated_at, payment_term_id
    from {{ ref('fct_documents') }}
    where document_type = 'order'
),

order_lines as (
    select order_line_id, order_id, product_id, delivered_quantity, returned_quantity, invoiced_quantity
    from {{ ref('fct_order_lines') }}
    where document_type = 'order'
),

invoice_lines as (
    select * from {{ ref('fct_invoice_lines') }}
    where is_issued and order_line_id is not null
),

claims as (
    select claim_id, document_id, document_line_id, product_id, opened_on
    from {{ ref('fct_claims') }}
    where claim_reason = 'order_entry'
),

claimed_lines as (
    {{ claimed_lines('claims') }}
),

claim_signals as (
    select
        claims.claim_id,
        min(claimed_lines.order_id) as order_id,
        min(case when claimed_lines.line_id = claims.document_line_id or claimed_lines.product_id = claims.product_id then claimed_lines.order_line_id end) as order_line_id,
        min(claims.opened_on) as detected_date
    from claims
    inner join claimed_lines on claims.claim_id = claimed_lines.claim_id
    group by claims.claim_id
),

-- A credit note and a new invoice of what it took back. A line invoiced no more than it was
-- delivered has only had another part invoiced; goods that came back are a return.
reinvoiced as (
    select
        order_lines.order_id,
        order_lines.order_line_id,
        again.invoice_date as detected_date,
        case
            when again.sold_to_customer_id <> first_time.sold_to_customer_id or again.payer_customer_id <> first_time.payer_customer_id then 'customer'
            when again.unit_price_excl_tax <> first_time.unit_price_excl_tax then 'price'
            when again.discount_percent <> first_time.discount_percent then 'discount'
            when again.net_quantity <> first_time.net_quantity then 'quantity'
            when again_invoice.payment_term_id <> first_invoice.payment_term_id then 'payment_terms'
            else 'other'
        end as error_type
    from invoice_lines as credited
    inner join order_lines on credited.order_line_id = order_lines.order_line_id
    inner join invoice_lines as first_time
        on
            credited.corrects_document_id = first_time.document_id
            and credited.order_line_id = first_time.order_line_id
    inner join invoice_lines as again
        on
            credited.order_line_id = again.order_line_id
            and credited.corrects_document_id <> again.document_id
            and again.document_type = 'invoice'
            and again.invoice_date >= credited.invoice_date
            and again.invoice_date <= {{ add_days('credited.invoice_date', var('reinvoice_days')) }}
    inner join {{ ref('fct_documents') }} as first_invoice on first_time.document_id = first_invoice.document_id
    inner join {{ ref('fct_documents') }} as again_invoice on again.document_id = again_invoice.document_id
    where
        credited.document_type = 'credit_note'
        and order_lines.returned_quantity = 0
        and order_lines.invoiced_quantity > order_lines.delivered_quantity
),

-- Dates that we promise anew are no corrections of what was entered.
changes as (
    select
        events.document_id as order_id,
        events.document_line_id as order_line_id,
        events.occurred_at,
        events.occurred_date as detected_date,
        case
            when events.event_type = 'quantity_changed' then 'quantity'
            when events.field_name like '%discount%' then 'discount'
            when events.field_name like '%unit_price%' then 'price'
            when events.field_name = 'product_id' then 'item'
            when events.field_name = 'ship_to_customer_id' then 'address'
            when events.field_name in ('sold_to_customer_id', 'payer_customer_id') then 'customer'
            when events.field_name = 'requested_date' then 'date'
            when events.field_name in ('payment_term_id', 'payment_method') then 'payment_terms'
            -- The value of the order changed; by what, is not told.
            when events.event_type = 'price_changed' then 'other'
        end as error_type
    from {{ ref('fct_document_events') }} as events
    inner join orders on events.document_id = orders.document_id
    where
        events.event_type in ('quantity_changed', 'price_changed', 'date_changed', 'field_changed')
        and events.is_human
        and events.occurred_at > orders.validated_at
),

requested_changes as (
    select document_id, received_at
    from {{ ref('fct_inbound_messages') }}
    where message_type = 'change'
),

change_signals as (
    select
        changes.order_id,
        changes.order_line_id,
        changes.error_type,
        changes.detected_date,
        -- The customer had asked for a change since the order was validated.
        max(case when requested_changes.document_id is not null then 1 else 0 end) = 1 as was_requested
    from changes
    inner join orders on changes.order_id = orders.document_id
    left join requested_changes
        on
            changes.order_id = requested_changes.document_id
            and requested_changes.received_at >= orders.validated_at
            and requested_changes.received_at <= changes.occurred_at
    where changes.error_type is not null
    group by changes.order_id, changes.order_line_id, changes.error_type, changes.detected_date, changes.occurred_at
),

-- Precedence is that of the certainty: people who wrote an error down judged it.
signals as (
    select
        order_id,
        order_line_id,
        error_type,
        certainty,
        1 as precedence,
        'error_log' as signal,
        detected_date,
        cost_amount
    from {{ ref('fct_order_entry_errors') }}
    where is_order_known
    union all
    select order_id, order_line_id, 'other', 'confirmed', 2, 'claim', detected_date, null
    from claim_signals
    union all
    select order_id, order_line_id, error_type, 'customer_change', 3, 'field_change', detected_date, null
    from change_signals
    where was_requested
    union all
    select order_id, order_line_id, error_type, 'probable', 4, 'field_change', detected_date, null
    from change_signals
    where not was_requested
    union all
    select order_id, order_line_id, error_type, 'probable', 4, 'reinvoice', detected_date, null
    from reinvoiced
),

numbered as (
    select
        *,
        row_number() over (
            order by order_id, order_line_id nulls last, error_type, precedence, signal, detected_date nulls last
        ) as signal_number
    from signals
),

-- A signal that names no type tells of the typed error of its order (and line), if there is one.
typed as (
    select
        signal_number,
        typed_line_id,
        typed_error_type
    from (
        select
            numbered.signal_number,
            others.order_line_id as typed_line_id,
            others.error_type as typed_error_type,
            row_number() over (
                partition by numbered.signal_number order by others.precedence, others.error_type, others.order_line_id nulls last
            ) as preference
        from numbered
        inner join numbered as others
            on
                numbered.order_id = others.order_id
                and others.error_type <> 'other'
                and coalesce(numbered.order_line_id, others.order_line_id, '') = coalesce(others.order_line_id, numbered.order_line_id, '')
        where numbered.error_type = 'other'
    ) as ranked
    where preference = 1
),

-- One that names no line tells of the line that another of its type names.
placed as (
    select
        numbered.order_id,
        coalesce(typed.typed_error_type, numbered.error_type) as error_type,
        coalesce(
            numbered.order_line_id,
            typed.typed_line_id,
            min(coalesce(numbered.order_line_id, typed.typed_line_id)) over (
                partition by numbered.order_id, coalesce(typed.typed_error_type, numbered.error_type)
            )
        ) as order_line_id,
        numbered.certainty,
        numbered.precedence,
        numbered.signal,
        numbered.detected_date,
        numbered.cost_amount
    from numbered
    left join typed on numbered.signal_number = typed.signal_number
),

ranked as (
    select
        *,
        row_number() over (
            partition by order_id, order_line_id, error_type
            order by precedence, detected_date nulls last, certainty, cost_amount nulls last
        ) as preference
    from placed
)

select
    order_id,
    order_line_id,
    error_type,
    max(case when preference = 1 then certainty end) as certainty,
    min(detected_date) as first_detected_date,
    max(case when signal = 'error_log' then 1 else 0 end) = 1 as in_error_log,
    max(case when signal = 'claim' then 1 else 0 end) = 1 as in_claim,
    max(case when signal = 'reinvoice' then 1 else 0 end) = 1 as in_reinvoice,
    max(case when signal = 'field_change' then 1 else 0 end) = 1 as in_field_change,
    cast(count(*) as bigint) as signals,
    {{ money('sum(cost_amount)') }} as cost_amount
from ranked
group by order_id, order_line_id, error_type

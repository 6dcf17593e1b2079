-- One row per order, stage and stay in it that has begun by the as-of date: when it began and ended,
-- and the working minutes in between, or until the end of the as-of date while it lasts. Milestones
-- are reached once; an order may wait for the same party more than once.
with companies as (
    select company_id, time_zone, as_of_ends_at
    from {{ ref('dim_company') }}
),

orders as (
    select
        fact.document_id as order_id,
        fact.company_id,
        fact.channel,
        fact.team,
        fact.received_at,
        fact.entered_at,
        fact.acknowledged_at,
        fact.validated_at,
        companies.time_zone,
        companies.as_of_ends_at,
        -- Nothing is done any more on what was given up.
        case when fact.status in {{ closing_statuses() }} then coalesce(fact.cancelled_at, fact.closed_at) end as given_up_at,
        -- Shipping for a later day is not due before the time that shipping takes; where nobody knows
        -- what the customer asked for, it is due at once.
        {{ utc_instant("cast(" ~ add_days('fact.requested_date', -(var('shipping_lead_days') | int)) ~ " as timestamp)", 'companies.time_zone') }} as shipping_due_at
    from {{ ref('fct_documents') }} as fact
    inner join companies on fact.company_id = companies.company_id
    where fact.document_type = 'order'
),

deposit_orders as (
    select distinct order_id
    from {{ ref('fct_order_lines') }}
    where line_type = 'deposit'
),

-- An order with a deposit waits for the customer, unless it was its credit that blocked it.
blocks as (
    select
        states.document_id as order_id,
        states.valid_from_at as started_at,
        states.valid_to_at as ended_at,
        case
            when max(deposit_orders.order_id) is not null and count(credit_events.document_id) = 0 then 'waiting_for_customer'
            else 'waiting_for_credit'
        end as stage
    from {{ ref('int_document_states') }} as states
    left join deposit_orders on states.document_id = deposit_orders.order_id
    left join {{ ref('fct_document_events') }} as credit_events
        on
            states.document_id = credit_events.document_id
            and credit_events.event_type = 'credit_blocked'
            and credit_events.occurred_at >= states.valid_from_at
            and (states.valid_to_at is null or credit_events.occurred_at < states.valid_to_at)
    where states.document_type = 'order' and states.status = 'blocked'
    group by states.document_id, states.valid_from_at, states.valid_to_at
),

shipments as (
    select order_id, min(shipped_at) as shipped_at
    from {{ ref('fct_deliveries') }}
    where document_type = 'delivery_note' and is_shipped and shipped_at is not null and order_id is not null
    group by order_id
),

-- A block that comes when goods have left already holds up what follows, not the first shipment. An
-- order that was given up while it was blocked was not released.
blocks_before_shipment as (
    select
        blocks.order_id,
        blocks.stage = 'waiting_for_credit' as is_for_credit,
        blocks.started_at,
        case
            when blocks.ended_at < orders.as_of_ends_at and (orders.given_up_at is null or blocks.ended_at < orders.given_up_at)
                then blocks.ended_at
        end as released_at
    from blocks
    inner join orders on blocks.order_id = orders.order_id
    left join shipments on blocks.order_id = shipments.order_id
    where
        blocks.started_at < orders.as_of_ends_at
        and (shipments.shipped_at is null or blocks.started_at < shipments.shipped_at)
),

releases as (
    select
        order_id,
        max(released_at) as released_at,
        min(case when is_for_credit then started_at end) as credit_blocked_at,
        case
            when max(case when is_for_credit and released_at is null then 1 else 0 end) = 0
                then max(case when is_for_credit then released_at end)
        end as credit_released_at
    from blocks_before_shipment
    group by order_id
),

held as (
    select blocks.order_id
    from blocks
    inner join orders on blocks.order_id = orders.order_id
    where blocks.ended_at is null or blocks.ended_at >= orders.as_of_ends_at
    group by blocks.order_id
),

preparations as (
    select generated_from_document_id as order_id, min(coalesce(shipped_at, closed_at)) as picked_at
    from {{ ref('fct_documents') }}
    where document_type = 'preparation' and status in ('shipped', 'settled')
    group by generated_from_document_id
),

-- The first invoice and its own dispatch: a later one may have been sent before it.
invoices as (
    select order_id, document_id, validated_at as invoiced_at, sent_at
    from (
        select
            invoice_lines.order_id,
            documents.document_id,
            documents.validated_at,
            documents.sent_at,
            row_number() over (
                partition by invoice_lines.order_id order by documents.validated_at, documents.document_id
            ) as position
        from {{ ref('fct_invoice_lines') }} as invoice_lines
        inner join {{ ref('fct_documents') }} as documents on invoice_lines.document_id = documents.document_id
        where
            invoice_lines.document_type = 'invoice'
            and invoice_lines.is_issued
            and invoice_lines.order_id is not null
            and documents.validated_at is not null
    ) as ranked
    where position = 1
),

-- What that invoice was paid on, weighted by what was to pay; nothing before all of it is paid. Money
-- that may still come back has neither paid nor settled anything.
payments as (
    select
        document_id,
        min(issued_on) as issued_on,
        case
            when max(case when is_open or bills_amount > 0 or (money_amount > 0 and paid_on is null) then 1 else 0 end) = 0
                then max(coalesce(paid_on, settled_on))
        end as settled_on,
        case when max(case when paid_on is null or bills_amount > 0 then 1 else 0 end) = 0 then max(paid_on) end as paid_on,
        {%- for days, until in [('calendar_days', 'paid_on'), ('term_days', 'due_date')] %}
        cast(
            cast(sum(case when paid_on is not null then company_amount_to_pay * {{ days_between('issued_on', until) }} end) as double)
            / nullif(sum(case when paid_on is not null then company_amount_to_pay end), 0)
            as decimal(18, 2)
        ) as {{ days }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('fct_instalments') }}
    where company_amount_to_pay > 0
    group by document_id
),

milestones as (
    select
        orders.*,
        releases.released_at,
        releases.credit_blocked_at,
        releases.credit_released_at,
        held.order_id is not null as is_held,
        payments.document_id is not null as is_payable,
        payments.issued_on,
        payments.calendar_days,
        payments.term_days,
        {{ utc_instant('cast(payments.paid_on as timestamp)', 'orders.time_zone') }} as paid_at,
        {{ utc_instant('cast(payments.settled_on as timestamp)', 'orders.time_zone') }} as settled_at,
        -- A preparation that ends with the shipment itself tells nothing about picking.
        case
            when shipments.shipped_at is null or preparations.picked_at < shipments.shipped_at then preparations.picked_at
        end as picked_at,
        shipments.shipped_at,
        invoices.invoiced_at,
        case when invoices.sent_at >= invoices.invoiced_at then invoices.sent_at end as sent_at,
        -- An order cannot be dealt with before it is valid and released.
        case when orders.validated_at is not null then greatest(orders.validated_at, coalesce(releases.released_at, orders.validated_at)) end as cleared_at
    from orders
    left join releases on orders.order_id = releases.order_id
    left join held on orders.order_id = held.order_id
    left join preparations on orders.order_id = preparations.order_id
    left join shipments on orders.order_id = shipments.order_id
    left join invoices on orders.order_id = invoices.order_id
    left join payments on invoices.document_id = payments.document_id
),

ready as (
    select
        *,
        case when cleared_at is not null then greatest(cleared_at, coalesce(shipping_due_at, cleared_at)) end as ready_at
    from milestones
),

-- Notes of an order that wait at the same time are one wait: it goes on until the last of them ends.
waiting_notes as (
    select
        notes.generated_from_document_id as order_id,
        states.document_id,
        states.valid_from_at as started_at,
        states.valid_to_at as ended_at
    from {{ ref('int_document_states') }} as states
    inner join {{ ref('fct_documents') }} as notes on states.document_id = notes.document_id
    where
        states.status = 'waiting'
        and notes.document_type in ('preparation', 'delivery_note')
        and notes.generated_from_document_id is not null
),

stock_waits as (
    select
        order_id,
        min(started_at) as started_at,
        case when count(*) = count(ended_at) then max(ended_at) end as ended_at
    from (
        {{ stretches('waiting_notes', 'order_id', 'started_at', 'ended_at', order_by='started_at, document_id') }}
    ) as waits
    group by order_id, stretch_from
),

-- Each stage from one milestone to the next; it is left without an end when the order goes on without
-- that milestone or is given up. What has left is to be invoiced, whatever becomes of the rest.
spans as (
    {%- for stage, started_at, ended_at, left_at in [
        ('entry', 'received_at', 'entered_at', 'given_up_at'),
        ('acknowledgement', 'entered_at', 'acknowledged_at', 'least(shipped_at, given_up_at)'),
        (
            'validation', 'case when acknowledged_at between entered_at and validated_at then acknowledged_at else entered_at end',
            'validated_at', 'least(shipped_at, given_up_at)'
        ),
        (
            'credit_release', 'case when validated_at < credit_blocked_at then validated_at else credit_blocked_at end',
            'credit_released_at', 'given_up_at'
        ),
        ('picking', 'case when not is_held then ready_at end', 'picked_at', 'least(shipped_at, given_up_at)'),
        ('shipping', 'case when not is_held or shipped_at is not null then greatest(ready_at, coalesce(picked_at, ready_at)) end', 'shipped_at', 'given_up_at'),
        ('invoicing', 'case when invoiced_at is null or invoiced_at >= shipped_at then shipped_at end', 'invoiced_at', 'cast(null as timestamp)'),
        ('sending', 'invoiced_at', 'sent_at', 'settled_at'),
        ('payment', 'case when is_payable then invoiced_at end', 'paid_at', 'settled_at'),
        ('order_processing', 'coalesce(received_at, entered_at)', 'validated_at', 'least(shipped_at, given_up_at)'),
        ('order_to_shipment', 'coalesce(received_at, entered_at)', 'shipped_at', 'given_up_at'),
        (
            'order_to_invoice', 'coalesce(received_at, entered_at)', 'invoiced_at',
            'case when shipped_at is null or given_up_at <= shipped_at then given_up_at end'
        ),
        (
            'waiting_for_customer', 'case when ready_at > cleared_at then cleared_at end',
            'case when shipped_at < ready_at then shipped_at else ready_at end', 'given_up_at'
        ),
    ] %}
    select
        order_id,
        company_id,
        time_zone,
        as_of_ends_at,
        '{{ stage }}' as stage,
        {{ started_at }} as started_at,
        {{ ended_at }} as ended_at,
        coalesce({{ ended_at }}, {{ left_at }}) as left_at,
        {{ 'received_at is null' if stage.startswith('order_') else 'false' }} as starts_at_entry,
        {{ 'issued_on' if stage == 'payment' else 'cast(null as date)' }} as counted_from,
        {{ 'calendar_days' if stage == 'payment' else 'cast(null as decimal(18, 2))' }} as calendar_days,
        {{ 'term_days' if stage == 'payment' else 'cast(null as decimal(18, 2))' }} as term_days
    from ready
    union all
    {%- endfor %}
    select
        orders.order_id, orders.company_id, orders.time_zone, orders.as_of_ends_at, blocks.stage,
        blocks.started_at, blocks.ended_at, blocks.ended_at as left_at, false, null, null, null
    from blocks
    inner join orders on blocks.order_id = orders.order_id
    union all
    select
        orders.order_id, orders.company_id, orders.time_zone, orders.as_of_ends_at, 'waiting_for_sales',
        states.valid_from_at, states.valid_to_at, states.valid_to_at as left_at, false, null, null, null
    from {{ ref('int_document_states') }} as states
    inner join orders on states.document_id = orders.order_id
    where states.status = 'to_validate'
    union all
    select
        ready.order_id, ready.company_id, ready.time_zone, ready.as_of_ends_at, 'waiting_for_stock',
        greatest(stock_waits.started_at, ready.ready_at), stock_waits.ended_at,
        coalesce(stock_waits.ended_at, ready.given_up_at), false, null, null, null
    from stock_waits
    inner join ready on stock_waits.order_id = ready.order_id
    where
        ready.ready_at is not null
        and not ready.is_held
        and (stock_waits.ended_at is null or stock_waits.ended_at > ready.ready_at)
),

-- What ends after the as-of date still lasts.
begun as (
    select
        order_id,
        company_id,
        time_zone,
        as_of_ends_at,
        stage,
        started_at,
        case when ended_at < as_of_ends_at then ended_at end as ended_at,
        case when left_at < as_of_ends_at then greatest(left_at, started_at) end as left_at,
        starts_at_entry,
        counted_from,
        calendar_days,
        term_days
    from spans
    where started_at is not null and started_at < as_of_ends_at
),

-- A stage whose end no order of the company ever told cannot be said to last.
told as (
    select company_id, stage
    from begun
    group by company_id, stage
    having count(ended_at) > 0
),

measured as (
    select
        begun.*,
        {{ local_date('begun.ended_at', 'begun.time_zone') }} as ended_on,
        {{ working_minutes('start_day', 'begun.started_at', 'end_day', 'coalesce(begun.left_at, begun.as_of_ends_at)') }} as working_minutes
    from begun
    left join told on begun.company_id = told.company_id and begun.stage = told.stage
    {{ join_business_day('start_day', 'begun.company_id', 'begun.started_at', 'begun.time_zone') }}
    {{ join_business_day('end_day', 'begun.company_id', 'coalesce(begun.left_at, begun.as_of_ends_at)', 'begun.time_zone') }}
    where begun.ended_at is not null or told.stage is not null or begun.stage like 'waiting%'
)

select
    measured.order_id,
    measured.stage,
    cast(
        row_number() over (
            partition by measured.order_id, measured.stage order by measured.started_at, measured.left_at
        ) as bigint
    ) as stay_number,
    orders.company_id,
    orders.channel,
    orders.team,
    measured.started_at,
    measured.ended_at,
    measured.left_at,
    measured.ended_on,
    measured.starts_at_entry,
    cast(measured.working_minutes as decimal(18, 2)) as working_minutes,
    measured.counted_from,
    cast(case when measured.ended_at is not null then measured.calendar_days end as decimal(18, 2)) as calendar_days,
    cast(case when measured.ended_at is not null then measured.term_days end as decimal(18, 2)) as term_days
from measured
inner join orders on measured.order_id = orders.order_id

-- One row per document that existed on the as-of date, as it stood then.
{%- set keys = [
    ('company', 'document.company_id'),
    ('customer', 'document.sold_to_customer_id'),
    ('customer', 'document.ship_to_customer_id'),
    ('customer', 'document.payer_customer_id'),
    ('employee', 'document.agent_id'),
    ('employee', 'document.salesperson_id'),
] %}
with documents as (
    select
        document.*
        {%- for entity_type, column in keys %},
        {{ known(column) }} as known_{{ column.split('.')[1] }}
        {%- endfor %}
    from {{ ref('int_documents') }} as document
    {%- for entity_type, column in keys %}
    {{ join_known(entity_type, column) }}
    {%- endfor %}
),

companies as (
    select company_id, currency_code, time_zone, as_of_ends_at
    from {{ ref('dim_company') }}
),

states as (
    select
        document_id,
        status,
        row_number() over (partition by document_id order by valid_from_at desc) as position,
        max(case when status in ('waiting', 'in_preparation', 'part_shipped', 'shipped') then 1 else 0 end)
            over (partition by document_id)
        = 1 as was_valid
    from {{ ref('int_document_states') }}
),

-- Where remainders are prepared again, the note that ships them is a delivery like any other.
preparing_sources as (
    select distinct source_id
    from {{ ref('int_documents') }}
    where document_type = 'preparation'
),

-- Sources that tell when orders were validated: there, one held without it was not.
validating_sources as (
    select distinct source_id
    from {{ ref('int_documents') }}
    where document_type in ('order', 'framework_order') and validated_at is not null
),

lines as (
    select document_id, count(*) as line_count
    from {{ ref('int_document_lines') }}
    group by document_id
),

-- When the request reached the company, which another system than the document's own may have logged.
-- The request of an accepted offer was for the offer; the order came with its acceptance.
messages as (
    select document_id, min(received_at) as received_at
    from (
        select
            case
                when message.message_type = 'quote_request' and document.document_type <> 'quote' then document.generated_from_document_id
                else document.document_id
            end as document_id,
            message.received_at
        from {{ ref('int_inbound_messages') }} as message
        {{ join_known('document', 'message.document_id') }}
        inner join {{ ref('int_documents') }} as document on {{ known('message.document_id') }} = document.document_id
        where message.message_type in ('order', 'quote_request')
    ) as requests
    group by document_id
),

-- New promises, and messages that told the customer of the promise.
promise_events as (
    select
        {{ known('event.document_id') }} as document_id,
        event.document_event_id,
        event.occurred_at,
        event.event_type = 'date_changed' as is_change,
        -- Some systems promise a day, others an instant.
        case
            when length(event.from_value) > 10
                then {{ local_date('cast(event.from_value as timestamp)', 'companies.time_zone') }}
            else cast(event.from_value as date)
        end as replaced_date,
        companies.as_of_ends_at
    from (
        select
            document_event_id,
            document_id,
            company_id,
            event_type,
            occurred_at,
            case when event_type = 'date_changed' then from_value end as from_value
        from {{ ref('int_document_events') }}
        where
            document_line_id is null
            and (
                event_type in ('acknowledged', 'customer_informed')
                or (event_type = 'date_changed' and field_name = 'last_confirmed_date')
            )
    ) as event
    {{ join_known('company', 'event.company_id') }}
    inner join companies on {{ known('event.company_id') }} = companies.company_id
    {{ join_known('document', 'event.document_id') }}
),

-- When the customer had last been told by the as-of date, where he was told again after it.
tellings as (
    select
        document_id,
        max(case when occurred_at < as_of_ends_at then occurred_at end) as told_at,
        max(occurred_at) >= max(as_of_ends_at) as is_told_again
    from promise_events
    where not is_change
    group by document_id
),

-- What was promised at an instant is what the first change after it replaced.
promises as (
    select
        document_id,
        max(case when occurred_at >= as_of_ends_at and position_after_day = 1 then replaced_date end) as confirmed_date,
        max(case when occurred_at > told_at and position_after_telling = 1 then replaced_date end) as told_date
    from (
        select
            events.*,
            tellings.told_at,
            row_number() over (
                partition by events.document_id, events.occurred_at >= events.as_of_ends_at
                order by events.occurred_at, events.document_event_id
            ) as position_after_day,
            row_number() over (
                partition by events.document_id, events.occurred_at > tellings.told_at
                order by events.occurred_at, events.document_event_id
            ) as position_after_telling
        from promise_events as events
        left join tellings on events.document_id = tellings.document_id
        where events.is_change
    ) as ranked
    group by document_id
),

-- What happened after the as-of date has not happened yet.
known as (
    select
        documents.*,
        companies.time_zone,
        companies.as_of_ends_at,
        companies.currency_code as company_currency_code,
        coalesce(messages.received_at, documents.received_at) as known_received_at,
        coalesce(promises.confirmed_date, documents.last_confirmed_date) as last_confirmed_then,
        case
            when documents.last_told_date is null or not coalesce(tellings.is_told_again, false) then documents.last_told_date
            when tellings.told_at is not null then coalesce(promises.told_date, documents.last_confirmed_date)
        end as last_told_then,
        coalesce(lines.line_count, 0) as line_count,
        validating_sources.source_id is not null as knows_validation,
        case
            when not documents.is_backorder then documents.document_type
            when documents.document_type = 'delivery_note' and preparing_sources.source_id is not null then documents.document_type
            else 'backorder'
        end as document_kind,
        -- One dated back stands as its date has it until it is entered; what came of it came later.
        coalesce(
            states.status,
            case
                when documents.document_type in ('invoice', 'deposit_invoice', 'credit_note') and documents.status = 'settled'
                    then 'invoiced'
                when documents.document_type in ('delivery_note', 'return') and documents.status in ('invoiced', 'settled')
                    then 'shipped'
                when
                    documents.document_type in ('quote', 'proforma', 'order', 'framework_order', 'preparation')
                    and documents.status in ('in_preparation', 'part_shipped', 'shipped', 'invoiced', 'settled', 'closed_short')
                    then 'waiting'
                else documents.status
            end
        ) as status_then,
        coalesce(states.was_valid, false) as was_valid,
        coalesce(
            {{ local_date('documents.entered_at', 'companies.time_zone') }}, documents.document_date
        ) as created_date,
        -- An order is dated anew by its validation; until then it bears the day of its entry.
        case
            when
                documents.document_type in ('order', 'framework_order')
                and documents.validated_at >= companies.as_of_ends_at
                and documents.document_date = {{ local_date('documents.validated_at', 'companies.time_zone') }}
                then coalesce(
                    {{ local_date('documents.entered_at', 'companies.time_zone') }}, documents.document_date
                )
            else documents.document_date
        end as document_date_then
        {%- for milestone in ['entered', 'acknowledged', 'validated', 'sent', 'shipped', 'closed', 'cancelled'] %},
        case when documents.{{ milestone }}_at < companies.as_of_ends_at then documents.{{ milestone }}_at end as {{ milestone }}_then
        {%- endfor %}
    from documents
    inner join companies on documents.known_company_id = companies.company_id
    left join states on documents.document_id = states.document_id and states.position = 1
    left join lines on documents.document_id = lines.document_id
    left join messages on documents.document_id = messages.document_id
    left join tellings on documents.document_id = tellings.document_id
    left join promises on documents.document_id = promises.document_id
    left join preparing_sources on documents.source_id = preparing_sources.source_id
    left join validating_sources on documents.source_id = validating_sources.source_id
)

select
    document_id,
    source_id,
    source_system,
    known_company_id as company_id,
    document_type,
    document_kind,
    document_number,
    customer_reference,
    status_then as status,
    document_type || '/' || status_then as document_status_id,
    source_status,
    channel,
    coalesce(known_sold_to_customer_id, 'unknown') as sold_to_customer_id,
    coalesce(known_ship_to_customer_id, known_sold_to_customer_id, 'unknown') as ship_to_customer_id,
    coalesce(known_payer_customer_id, known_sold_to_customer_id, 'unknown') as payer_customer_id,
    coalesce(known_agent_id, 'unknown') as agent_id,
    coalesce(known_salesperson_id, 'unknown') as salesperson_id,
    coalesce(team, 'unknown') as team,
    generated_from_document_id,
    corrects_document_id,
    backorder_of_document_id,
    -- Why a quote was lost is known once it is.
    case when document_type = 'quote' and closed_at >= as_of_ends_at then null else reason end as reason,
    delivery_reason,
    is_backorder,
    incoterm,
    carrier,
    coalesce(site, 'unknown') as site,
    payment_method,
    payment_term_id,
    -- A system that does not say in which currency it writes, writes in the company's.
    coalesce(nullif(currency_code, 'unknown'), company_currency_code) as currency_code,
    amount_excl_tax,
    amount_tax,
    amount_incl_tax,
    company_amount_excl_tax,
    company_amount_incl_tax,
    cast(line_count as bigint) as line_count,
    document_date_then as document_date,
    created_date,
    case when known_received_at < as_of_ends_at then known_received_at end as received_at,
    entered_then as entered_at,
    acknowledged_then as acknowledged_at,
    validated_then as validated_at,
    sent_then as sent_at,
    shipped_then as shipped_at,
    closed_then as closed_at,
    cancelled_then as cancelled_at,
    case when known_received_at < as_of_ends_at then {{ local_date('known_received_at', 'time_zone') }} end as received_date,
    {{ local_date('acknowledged_then', 'time_zone') }} as acknowledged_date,
    {{ local_date('validated_then', 'time_zone') }} as validated_date,
    {{ local_date('sent_then', 'time_zone') }} as sent_date,
    {{ local_date('shipped_then', 'time_zone') }} as shipped_date,
    {{ local_date('closed_then', 'time_zone') }} as closed_date,
    {{ local_date('cancelled_then', 'time_zone') }} as cancelled_date,
    case when cancelled_then is not null then cancelled_by end as cancelled_by,
    requested_date,
    first_confirmed_date,
    last_confirmed_then as last_confirmed_date,
    last_told_then as last_told_date,
    valid_until,
    -- An order counts once it is validated; without the time of it, its status says that it was.
    case
        when document_type not in ('order', 'framework_order') then null
        when validated_then is not null then {{ local_date('validated_then', 'time_zone') }}
        when validated_at is null and status = 'blocked' and knows_validation and not was_valid then null
        when validated_at is null and status not in ('draft', 'to_validate', 'cancelled', 'rejected', 'expired', 'unknown')
            then document_date
        -- One that is cancelled by now was booked all the same, if it ever was more than a draft.
        when validated_at is null and status in ('cancelled', 'rejected', 'expired') and was_valid then document_date
    end as booked_date,
    -- An invoice is a sale from its date on, whenever it was posted; rejected by the tax platform, it is none.
    document_type in ('invoice', 'deposit_invoice', 'credit_note')
    and document_date <= {{ as_of_date() }}
    and (
        status not in ('draft', 'to_validate', 'cancelled', 'rejected', 'expired', 'unknown')
        or (status = 'cancelled' and validated_then is not null and cancelled_at >= as_of_ends_at)
    ) as is_issued
from known
where least(created_date, document_date) <= {{ as_of_date() }}
-- One customer after the other, so that a question about one of them reads a part of the table.
order by sold_to_customer_id, document_date

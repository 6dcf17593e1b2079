-- One row per document and stay in a status, up to the as-of date.
-- The source's own log comes first; where it is silent, the document's dates say it.
with located as (
    select
        document.*,
        {{ known('document.company_id') }} as resolved_company_id
    from {{ ref('int_documents') }} as document
    {{ join_known('company', 'document.company_id') }}
),

documents as (
    select
        located.*,
        company.time_zone,
        company.as_of_ends_at,
        coalesce(
            located.entered_at,
            {{ utc_instant('cast(located.document_date as timestamp)', 'company.time_zone') }}
        ) as created_at
    from located
    inner join {{ ref('dim_company') }} as company on located.resolved_company_id = company.company_id
),

events as (
    select
        event.document_event_id,
        event.occurred_at,
        event.from_status,
        event.to_status,
        {{ known('event.document_id') }} as document_id
    from {{ ref('int_document_events') }} as event
    {{ join_known('document', 'event.document_id') }}
    where event.to_status is not null and event.document_line_id is null
),

-- Several changes of one instant lead to the status furthest in the document's life.
logged as (
    select
        events.document_id,
        events.occurred_at,
        events.from_status,
        events.to_status,
        row_number() over (
            partition by events.document_id order by events.occurred_at, statuses.sort_order nulls last, events.document_event_id
        ) as position,
        row_number() over (
            partition by events.document_id
            order by events.occurred_at desc, statuses.sort_order desc, events.document_event_id desc
        ) as position_from_end
    from events
    left join {{ ref('document_statuses') }} as statuses on events.to_status = statuses.status
),

-- What the log leaves out: how the document began, and how it came to be what it is.
edges as (
    select
        documents.*,
        first_event.occurred_at as first_occurred_at,
        first_event.from_status as first_from_status,
        last_event.occurred_at as last_occurred_at,
        last_event.to_status as last_to_status
    from documents
    left join logged as first_event
        on documents.document_id = first_event.document_id and first_event.position = 1
    left join logged as last_event
        on documents.document_id = last_event.document_id and last_event.position_from_end = 1
),

moves as (
    select document_id, occurred_at, to_status as status, 2 as step, position
    from logged
    union all
    select
        document_id,
        created_at as occurred_at,
        coalesce(
            first_from_status,
            case
                when document_type in ('preparation', 'delivery_note', 'return') then 'waiting'
                when document_type in ('order', 'framework_order') then 'to_validate'
                else 'draft'
            end
        ) as status,
        1 as step,
        0 as position
    from edges
    where first_occurred_at is null or created_at < first_occurred_at
    union all
    select
        document_id,
        validated_at as occurred_at,
        case when document_type in ('invoice', 'deposit_invoice', 'credit_note') then 'invoiced' else 'waiting' end as status,
        3 as step,
        0 as position
    from edges
    where
        last_occurred_at is null
        and validated_at is not null
        and status not in ('draft', 'to_validate')
        and document_type in ('order', 'framework_order', 'invoice', 'deposit_invoice', 'credit_note')
    union all
    select
        document_id,
        greatest(
            case
                when status in ('cancelled', 'rejected') then coalesce(cancelled_at, closed_at, created_at)
                when status in ('settled', 'closed_short', 'expired') then coalesce(closed_at, cancelled_at, validated_at, created_at)
                when status = 'shipped' then coalesce(shipped_at, closed_at, validated_at, created_at)
                when status = 'invoiced' and document_type in ('order', 'framework_order')
                    then coalesce(closed_at, validated_at, created_at)
                else coalesce(validated_at, created_at)
            end,
            coalesce(last_occurred_at, created_at)
        ) as occurred_at,
        status,
        4 as step,
        0 as position
    from edges
    where last_to_status is null or last_to_status <> status
),

-- The last move of an instant counts; a move to the same status is none.
ordered as (
    select
        document_id,
        occurred_at,
        status,
        lag(status) over (partition by document_id order by occurred_at, step) as previous_status
    from (
        select
            *,
            row_number() over (partition by document_id, occurred_at order by step desc, position desc) as preference
        from moves
    ) as ranked
    where preference = 1
),

stays as (
    select
        ordered.document_id,
        documents.document_type,
        documents.resolved_company_id as company_id,
        documents.time_zone,
        ordered.status,
        ordered.previous_status,
        ordered.occurred_at as valid_from_at,
        lead(ordered.occurred_at) over (partition by ordered.document_id order by ordered.occurred_at) as valid_to_at
    from ordered
    inner join documents on ordered.document_id = documents.document_id
    where
        (ordered.previous_status is null or ordered.previous_status <> ordered.status)
        and ordered.occurred_at < documents.as_of_ends_at
)

select
    document_id,
    document_type,
    company_id,
    status,
    previous_status,
    valid_from_at,
    valid_to_at,
    {{ local_date('valid_from_at', 'time_zone') }} as valid_from,
    {{ local_date('valid_to_at', 'time_zone') }} as valid_to
from stays

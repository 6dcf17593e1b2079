-- One row per quote's beginning and per change of its stage.
with

quotes as (
    select * from {{ ref('stg_suitecrm__quotes') }}
),

audit as (
    select * from {{ raw('suitecrm', 'aos_quotes_audit') }}
    where field_name = 'stage'
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'suitecrm' and source_type = 'aos_quotes' and document_type = 'quote'
),

changes as (
    select
        audit.source_id,
        audit.parent_id as quote_id,
        audit.id as change_id,
        audit.created_by as user_id,
        audit.date_created as occurred_at,
        lower(trim(audit.after_value_string)) = 'delivered' as is_sent,
        coalesce(map_from.status, 'unknown') as from_status,
        coalesce(map_to.status, 'unknown') as to_status,
        row_number() over (partition by audit.source_id, audit.parent_id order by audit.date_created, audit.id) as position
    from audit
    left join status_map as map_from on lower(trim(audit.before_value_string)) = map_from.source_status
    left join status_map as map_to on lower(trim(audit.after_value_string)) = map_to.source_status
),

events as (
    select
        quotes.source_id,
        quotes.id as quote_id,
        'created' as event_id,
        'created' as event_type,
        quotes.date_entered as occurred_at,
        quotes.created_by as user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        -- How one began that was closed without a word in its audit, nobody knows.
        coalesce(first_change.from_status, case when not status_map.is_terminal then status_map.status end) as to_status
    from quotes
    left join changes as first_change
        on quotes.source_id = first_change.source_id and quotes.id = first_change.quote_id and first_change.position = 1
    left join status_map on lower(trim(quotes.stage)) = status_map.source_status

    union all

    select
        source_id,
        quote_id,
        change_id as event_id,
        case when is_sent then 'sent' else 'status_changed' end as event_type,
        occurred_at,
        user_id,
        from_status,
        to_status
    from changes
),

final as (
    select
        events.source_id,
        'suitecrm' as source_system,
        quotes.document_id || '/' || events.event_id as document_event_id,
        quotes.document_id,
        quotes.company_id,
        events.event_type,
        events.occurred_at,
        {{ key('events.source_id', 'users', 'events.user_id') }} as employee_id,
        events.from_status,
        events.to_status,
        'source' as origin
    from events
    -- The audit keeps the changes of quotes that were deleted.
    inner join quotes
        on events.source_id = quotes.source_id and events.quote_id = quotes.id
    where events.occurred_at is not null
)

{{ conform('document_events', lacks=['document_line_id', 'field_name', 'from_value', 'to_value']) }}

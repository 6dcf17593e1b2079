-- One row per thing that happened to a ticket: opened, assigned, answered, moved on.
with

tickets as (
    select * from {{ raw('hubspot', 'ticket') }}
),

owners as (
    select * from {{ raw('hubspot', 'owner') }}
),

-- The history of a ticket names no pipeline: a stage that two of them have must mean the same in both.
stages as (
    select
        source_id,
        stage_id,
        case when min(status) = max(status) then min(status) else 'unknown' end as status
    from {{ ref('stg_hubspot__stages') }}
    group by source_id, stage_id
),

-- HubSpot keeps the latest values of a property only: a change that is gone from there has happened all the same.
known_changes as (
    select
        *,
        row_number() over (partition by source_id, ticket_id, property, changed_at order by _from_load desc) as preference
    from {{ raw_versions('hubspot', 'ticket_change') }}
),

changes as (
    select
        *,
        lag(value) over (partition by source_id, ticket_id, property order by changed_at) as value_before
    from known_changes
    where preference = 1
),

-- What a ticket was given when it was opened, or seconds later by its form or mail, is no change.
moves as (
    select
        changes.source_id,
        changes.ticket_id,
        changes.property,
        changes.changed_at,
        owners.id as owner_id,
        stage_before.status as from_status,
        stage_after.status as to_status
    from changes
    inner join tickets
        on changes.source_id = tickets.source_id and changes.ticket_id = tickets.id
    left join owners on changes.source_id = owners.source_id and changes.user_id = owners.userid
    left join stages as stage_before
        on changes.source_id = stage_before.source_id and changes.value_before = stage_before.stage_id
    left join stages as stage_after
        on changes.source_id = stage_after.source_id and changes.value = stage_after.stage_id
    where
        changes.value_before is not null
        or (
            changes.property = 'hubspot_owner_id'
            and changes.value <> ''
            and changes.changed_at > {{ dbt.dateadd('second', 5, 'tickets.createdate') }}
        )
),

events as (
    select
        source_id,
        id as ticket_id,
        'opened' as event_id,
        'opened' as event_type,
        createdate as occurred_at,
        cast(null as {{ dbt.type_string() }}) as owner_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        'new' as to_status
    from tickets

    union all

    select
        source_id,
        id as ticket_id,
        'responded' as event_id,
        'responded' as event_type,
        first_agent_reply_date as occurred_at,
        hubspot_owner_id as owner_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status
    from tickets

    union all

    select
        source_id,
        ticket_id,
        property || '/' || changed_at as event_id,
        case
            when property = 'hubspot_owner_id' then 'assigned'
            else {{ claim_change('from_status', 'to_status') }}
        end as event_type,
        changed_at as occurred_at,
        owner_id,
        case when property = 'hs_pipeline_stage' then coalesce(from_status, 'unknown') end as from_status,
        case when property = 'hs_pipeline_stage' then coalesce(to_status, 'unknown') end as to_status
    from moves
),

final as (
    select
        events.source_id,
        'hubspot' as source_system,
        {{ key('events.source_id', 'ticket', 'events.ticket_id') }} || '/' || events.event_id as claim_event_id,
        {{ key('events.source_id', 'ticket', 'events.ticket_id') }} as claim_id,
        events.event_type,
        events.occurred_at,
        {{ key('events.source_id', 'owner', 'events.owner_id') }} as employee_id,
        events.from_status,
        events.to_status
    from events
    inner join tickets
        on events.source_id = tickets.source_id and events.ticket_id = tickets.id
    where events.occurred_at is not null
)

{{ conform('claim_events') }}

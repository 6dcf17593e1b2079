-- One row per thing that happened to a case: opened, answered, assigned, moved on.
with

cases as (
    select * from {{ raw('suitecrm', 'cases') }}
),

audit as (
    select * from {{ raw('suitecrm', 'cases_audit') }}
    where field_name in ('status', 'assigned_user_id')
),

messages as (
    select * from {{ raw('suitecrm', 'aop_case_updates') }}
),

status_map as (
    select * from {{ ref('claim_status_map') }}
    where system = 'suitecrm'
),

changes as (
    select
        audit.source_id,
        audit.parent_id as case_id,
        audit.id as change_id,
        audit.field_name,
        audit.created_by as user_id,
        audit.date_created as occurred_at,
        case
            when audit.field_name = 'status'
                then {{ suitecrm_case_status('map_from.status', ['audit.before_value_string']) }}
        end as from_status,
        case
            when audit.field_name = 'status'
                then {{ suitecrm_case_status('map_to.status', ['audit.after_value_string']) }}
        end as to_status
    from audit
    left join status_map as map_from on lower(trim(audit.before_value_string)) = map_from.source_status
    left join status_map as map_to on lower(trim(audit.after_value_string)) = map_to.source_status
),

last_status_changes as (
    select
        *,
        row_number() over (partition by source_id, case_id order by occurred_at desc, change_id desc) as place_from_last
    from changes
    where field_name = 'status'
),

-- A case that was closed without a word in its audit, for the first time or after it was reopened.
closed_silently as (
    select cases.*
    from cases
    left join status_map on lower(trim(cases.status)) = status_map.source_status
    left join last_status_changes
        on
            cases.source_id = last_status_changes.source_id
            and cases.id = last_status_changes.case_id
            and last_status_changes.place_from_last = 1
    where
        {{ suitecrm_case_status('status_map.status', ['cases.status', 'cases.state']) }} in ('resolved', 'closed')
        and coalesce(last_status_changes.to_status, 'new') not in ('resolved', 'closed')
),

-- What a colleague writes and does not keep among colleagues is mailed to the customer.
answers as (
    select
        source_id,
        case_id,
        created_by as user_id,
        date_entered as occurred_at,
        row_number() over (partition by source_id, case_id order by date_entered, id) as position
    from messages
    where contact_id is null and not coalesce(internal, false)
),

events as (
    select
        source_id,
        id as case_id,
        'opened' as event_id,
        'opened' as event_type,
        date_entered as occurred_at,
        created_by as user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        'new' as to_status
    from cases

    union all

    select
        source_id,
        case_id,
        'responded' as event_id,
        'responded' as event_type,
        occurred_at,
        user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status
    from answers
    where position = 1

    union all

    select
        source_id,
        case_id,
        change_id as event_id,
        case
            when field_name = 'assigned_user_id' then 'assigned'
            else {{ claim_change('from_status', 'to_status') }}
        end as event_type,
        occurred_at,
        user_id,
        from_status,
        to_status
    from changes

    union all

    select
        source_id,
        id as case_id,
        'closed' as event_id,
        'closed' as event_type,
        date_modified as occurred_at,
        cast(null as {{ dbt.type_string() }}) as user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        'closed' as to_status
    from closed_silently
),

final as (
    select
        events.source_id,
        'suitecrm' as source_system,
        {{ key('events.source_id', 'cases', 'events.case_id') }} || '/' || events.event_id as claim_event_id,
        {{ key('events.source_id', 'cases', 'events.case_id') }} as claim_id,
        events.event_type,
        events.occurred_at,
        {{ key('events.source_id', 'users', 'events.user_id') }} as employee_id,
        events.from_status,
        events.to_status
    from events
    -- The audit keeps the changes of cases that were deleted.
    inner join cases
        on events.source_id = cases.source_id and events.case_id = cases.id
    where events.occurred_at is not null
)

{{ conform('claim_events') }}

-- One row per thing that happened to a case: opened, assigned, answered, moved on.
with

cases as (
    select * from {{ raw('salesforce', 'case') }}
),

history as (
    select * from {{ raw('salesforce', 'casehistory') }}
),

status_map as (
    select * from {{ ref('claim_status_map') }}
    where system = 'salesforce'
),

-- Salesforce logs an owner twice, by name and by identifier.
changes as (
    select
        history.*,
        case
            when field in ('Owner', 'ownerAssignment', 'ownerAccepted', 'OwnerId') then 'owner' else 'status'
        end as subject,
        row_number() over (
            partition by
                source_id, caseid, createddate,
                case
                    when field in ('Owner', 'ownerAssignment', 'ownerAccepted', 'OwnerId') then 'owner' else
                        id
                end
            order by id
        ) as position
    from history
    where field in ('Owner', 'ownerAssignment', 'ownerAccepted', 'OwnerId', 'Status')
),

mapped as (
    select
        changes.source_id,
        changes.id as change_id,
        changes.caseid as case_id,
        changes.subject,
        changes.createddate as occurred_at,
        changes.createdbyid as user_id,
        case when changes.subject = 'status' then coalesce(map_from.status, 'unknown') end as from_status,
        case when changes.subject = 'status' then coalesce(map_to.status, 'unknown') end as to_status
    from changes
    left join status_map as map_from on lower(trim(changes.oldvalue)) = map_from.source_status
    left join status_map as map_to on lower(trim(changes.newvalue)) = map_to.source_status
    where changes.position = 1
),

-- A case that was closed without a word in its history.
closed_silently as (
    select cases.*
    from cases
    left join mapped
        on
            cases.source_id = mapped.source_id
            and cases.id = mapped.case_id
            and mapped.to_status in ('resolved', 'closed')
    where cases.isclosed and cases.closeddate is not null and mapped.case_id is null
),

events as (
    select
        source_id,
        id as case_id,
        'opened' as event_id,
        'opened' as event_type,
        createddate as occurred_at,
        createdbyid as user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        'new' as to_status
    from cases

    union all

    select
        source_id,
        id as case_id,
        'responded' as event_id,
        'responded' as event_type,
        first_response__c as occurred_at,
        ownerid as user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status
    from cases
    where first_response__c is not null

    union all

    select
        source_id,
        case_id,
        change_id as event_id,
        case
            when subject = 'owner' then 'assigned'
            else {{ claim_change('from_status', 'to_status') }}
        end as event_type,
        occurred_at,
        user_id,
        from_status,
        to_status
    from mapped

    union all

    select
        source_id,
        id as case_id,
        'closed' as event_id,
        'closed' as event_type,
        closeddate as occurred_at,
        cast(null as {{ dbt.type_string() }}) as user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        'closed' as to_status
    from closed_silently
),

final as (
    select
        events.source_id,
        'salesforce' as source_system,
        {{ key('events.source_id', 'case', 'events.case_id') }} || '/' || events.event_id as claim_event_id,
        {{ key('events.source_id', 'case', 'events.case_id') }} as claim_id,
        events.event_type,
        events.occurred_at,
        case
            when events.user_id not like '00G%' then {{ key('events.source_id', 'user', 'events.user_id') }}
        end as employee_id,
        events.from_status,
        events.to_status
    from events
    inner join cases
        on events.source_id = cases.source_id and events.case_id = cases.id
    where events.occurred_at is not null
)

{{ conform('claim_events') }}

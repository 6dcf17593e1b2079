-- One row per call and meeting that was held, and per task that was completed.
with

cases as (
    select * from {{ raw('suitecrm', 'cases') }}
),

quotes as (
    select * from {{ raw('suitecrm', 'aos_quotes') }}
),

activities as (
    select
        source_id,
        'calls' as activity_table,
        id,
        'call' as interaction_type,
        case lower(direction) when 'inbound' then 'inbound' when 'outbound' then 'outbound' end as direction,
        date_start as occurred_at,
        coalesce(duration_hours, 0) * 60 + coalesce(duration_minutes, 0) as minutes,
        parent_type,
        parent_id,
        assigned_user_id
    from {{ raw('suitecrm', 'calls') }}
    where lower(status) = 'held'

    union all

    select
        source_id,
        'meetings' as activity_table,
        id,
        'meeting' as interaction_type,
        cast(null as {{ dbt.type_string() }}) as direction,
        date_start as occurred_at,
        coalesce(duration_hours, 0) * 60 + coalesce(duration_minutes, 0) as minutes,
        parent_type,
        parent_id,
        assigned_user_id
    from {{ raw('suitecrm', 'meetings') }}
    where lower(status) = 'held'

    union all

    select
        source_id,
        'tasks' as activity_table,
        id,
        'task' as interaction_type,
        cast(null as {{ dbt.type_string() }}) as direction,
        -- Nothing says when a task was completed: on the day that it was due, if it was not touched since.
        least(coalesce(date_due, date_modified), date_modified) as occurred_at,
        cast(null as bigint) as minutes,
        case when parent_id is null then 'Contacts' else parent_type end as parent_type,
        coalesce(parent_id, contact_id) as parent_id,
        assigned_user_id
    from {{ raw('suitecrm', 'tasks') }}
    where lower(status) = 'completed'
),

-- A contact or an opportunity of several accounts counts for the one that it was joined to last.
memberships as (
    select
        *,
        row_number() over (
            partition by source_id, parent_type, parent_id order by date_modified desc, account_id asc
        ) as position
    from (
        select source_id, 'Contacts' as parent_type, contact_id as parent_id, account_id, date_modified
        from {{ raw('suitecrm', 'accounts_contacts') }}
        union all
        select source_id, 'Opportunities' as parent_type, opportunity_id as parent_id, account_id, date_modified
        from {{ raw('suitecrm', 'accounts_opportunities') }}
    ) as joined
),

accounts_of as (
    select source_id, parent_type, parent_id, account_id
    from memberships
    where position = 1
    union all
    select source_id, 'Cases' as parent_type, id as parent_id, account_id
    from cases
    union all
    select source_id, 'AOS_Quotes' as parent_type, id as parent_id, billing_account_id as account_id
    from quotes
),

final as (
    select
        activities.source_id,
        'suitecrm' as source_system,
        activities.source_id || '/' || activities.activity_table || '/' || activities.id as interaction_id,
        {{ reference('company', 'activities.source_id') }} as company_id,
        activities.occurred_at,
        activities.interaction_type,
        activities.direction,
        case
            when activities.parent_type = 'Accounts'
                then {{ key('activities.source_id', 'accounts', 'activities.parent_id') }}
            else {{ key('activities.source_id', 'accounts', 'accounts_of.account_id') }}
        end as customer_id,
        {{ key('activities.source_id', 'users', 'activities.assigned_user_id') }} as employee_id,
        case
            when activities.parent_type = 'AOS_Quotes'
                then {{ key('activities.source_id', 'aos_quotes', 'activities.parent_id') }}
        end as document_id,
        activities.minutes
    from activities
    left join accounts_of
        on
            activities.source_id = accounts_of.source_id
            and activities.parent_type = accounts_of.parent_type
            and activities.parent_id = accounts_of.parent_id
    where activities.occurred_at is not null
)

{{ conform('interactions', lacks=['topic', 'requester_id']) }}

-- One row per company, month, person or robot that acted, document kind and event type, from the source's own log.
with events as (
    select
        company_id,
        {{ month_of('occurred_date') }} as month_start,
        employee_id,
        document_kind,
        event_type,
        document_id,
        occurred_date
    from {{ ref('fct_document_events') }}
    where origin = 'source'
),

employees as (
    select employee_id, is_technical_user
    from {{ ref('dim_employee') }}
),

active_days as (
    select company_id, month_start, employee_id, count(distinct occurred_date) as active_days, max(occurred_date) as last_active_on
    from events
    group by company_id, month_start, employee_id
),

months as (
    select
        company_id,
        month_start,
        employee_id,
        document_kind,
        event_type,
        count(*) as events,
        count(distinct document_id) as documents
    from events
    group by company_id, month_start, employee_id, document_kind, event_type
),

-- The team and role of the last day on which the person did something.
teams as (
    select
        active_days.company_id,
        active_days.month_start,
        active_days.employee_id,
        active_days.active_days,
        history.team,
        history.role
    from active_days
    left join {{ ref('dim_employee_history') }} as history
        on
            active_days.employee_id = history.employee_id
            and {{ holds_on('history.valid_from', 'history.valid_to', 'active_days.last_active_on') }}
)

select
    months.company_id,
    months.month_start,
    months.employee_id,
    case
        when months.employee_id = 'unknown' then 'unknown'
        when employees.is_technical_user then 'robot'
        else 'person'
    end as actor_kind,
    coalesce(teams.team, 'unknown') as team,
    coalesce(teams.role, 'other') as role,
    months.document_kind,
    months.event_type,
    cast(months.events as bigint) as events,
    cast(months.documents as bigint) as documents,
    cast(teams.active_days as bigint) as active_days,
    case when not employees.is_technical_user and months.employee_id <> 'unknown' then {{ ratio('months.documents', 'teams.active_days') }} end as documents_per_active_day
from months
inner join employees on months.employee_id = employees.employee_id
inner join teams
    on
        months.company_id = teams.company_id
        and months.month_start = teams.month_start
        and months.employee_id = teams.employee_id

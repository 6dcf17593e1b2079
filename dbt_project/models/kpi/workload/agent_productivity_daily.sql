-- One row per company, day, person or robot that acted, document kind and event type.
with events as (
    select * from {{ ref('fct_document_events') }}
),

employees as (
    select employee_id, is_technical_user, role
    from {{ ref('dim_employee') }}
),

history as (
    select employee_id, team, role, valid_from, valid_to
    from {{ ref('dim_employee_history') }}
),

-- Changes found by comparing loads or dates have no known hour, and whoever stands on them need not have done
-- them: they are counted apart.
days as (
    select
        company_id,
        occurred_date as activity_date,
        employee_id,
        document_kind,
        event_type,
        sum(case when origin = 'source' then 1 else 0 end) as events,
        count(distinct case when origin = 'source' then document_id end) as documents,
        sum(case when origin <> 'source' then 1 else 0 end) as derived_events
    from events
    group by company_id, occurred_date, employee_id, document_kind, event_type
)

select
    days.company_id,
    days.activity_date,
    days.employee_id,
    case
        when days.employee_id = 'unknown' then 'unknown'
        when employees.is_technical_user then 'robot'
        else 'person'
    end as actor_kind,
    coalesce(history.team, 'unknown') as team,
    coalesce(history.role, employees.role) as role,
    days.document_kind,
    days.event_type,
    cast(days.events as bigint) as events,
    cast(days.documents as bigint) as documents,
    cast(days.derived_events as bigint) as derived_events
from days
inner join employees on days.employee_id = employees.employee_id
left join history
    on
        days.employee_id = history.employee_id
        and {{ holds_on('history.valid_from', 'history.valid_to', 'days.activity_date') }}

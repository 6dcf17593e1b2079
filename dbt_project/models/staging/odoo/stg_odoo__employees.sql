-- One row per internal user, or employee without one, and contract period.
with

users as (
    select * from {{ raw('odoo', 'res_users') }}
    where not coalesce(share, false)
),

partners as (
    select * from {{ raw('odoo', 'res_partner') }}
),

employees as (
    select * from {{ raw('odoo', 'hr_employee') }}
),

departments as (
    select * from {{ raw('odoo', 'hr_department') }}
),

contracts as (
    select *
    from {{ raw('odoo', 'hr_contract') }}
    where coalesce(state, 'open') not in ('draft', 'cancel') and date_start is not null
),

calendars as (
    select * from {{ raw('odoo', 'resource_calendar') }}
),

attendances as (
    select *
    from {{ raw('odoo', 'resource_calendar_attendance') }}
    where coalesce(day_period, 'morning') <> 'lunch'
),

memberships as (
    select
        members.source_id,
        members.user_id,
        min({{ translated('teams.name') }}) as team
    from {{ raw('odoo', 'crm_team_member') }} as members
    inner join {{ raw('odoo', 'crm_team') }} as teams
        on members.source_id = teams.source_id and members.crm_team_id = teams.id
    where coalesce(members.active, true)
    group by members.source_id, members.user_id
),

role_map as (
    select * from {{ ref('employee_role_map') }}
    where system = 'odoo'
),

-- A user may be an employee of several companies; the employee record of the user's own company
-- speaks for the person.
user_employees as (
    select
        employees.*,
        row_number() over (
            partition by employees.source_id, employees.user_id
            order by case when employees.company_id = users.company_id then 0 else 1 end, employees.id
        ) as position
    from employees
    inner join users
        on employees.source_id = users.source_id and employees.user_id = users.id
),

people as (
    select
        users.source_id,
        {{ key('users.source_id', 'res.users', 'users.id') }} as employee_id,
        user_employees.id as hr_employee_id,
        users.id as user_id,
        users.company_id,
        lower(users.login) as login,
        users.login as employee_number,
        coalesce(user_employees.name, partners.name, users.login) as name,
        user_employees.department_id,
        user_employees.job_title
    from users
    left join partners
        on users.source_id = partners.source_id and users.partner_id = partners.id
    left join user_employees
        on
            users.source_id = user_employees.source_id
            and users.id = user_employees.user_id
            and user_employees.position = 1

    union all

    select
        employees.source_id,
        {{ key('employees.source_id', 'hr.employee', 'employees.id') }} as employee_id,
        employees.id as hr_employee_id,
        cast(null as bigint) as user_id,
        employees.company_id,
        cast(null as {{ dbt.type_string() }}) as login,
        cast(employees.id as {{ dbt.type_string() }}) as employee_number,
        employees.name,
        employees.department_id,
        employees.job_title
    from employees
    where employees.user_id is null
),

described as (
    select
        people.*,
        {{ translated('departments.name') }} as department,
        -- The sales team, which documents name too; the department of those who have none.
        coalesce(memberships.team, {{ translated('departments.name') }}) as team
    from people
    left join memberships
        on people.source_id = memberships.source_id and people.user_id = memberships.user_id
    left join departments
        on people.source_id = departments.source_id and people.department_id = departments.id
),

ranked_roles as (
    select
        described.employee_id,
        role_map.role,
        row_number() over (partition by described.employee_id order by role_map.priority) as position
    from described
    inner join role_map
        on
            (role_map.matched_on = 'login' and described.login like role_map.pattern)
            or (role_map.matched_on = 'job_title' and lower(described.job_title) like role_map.pattern)
            or (role_map.matched_on = 'department' and lower(described.department) like role_map.pattern)
),

-- Two-week schedules list each weekday twice.
weekly_hours as (
    select
        source_id,
        calendar_id,
        sum((hour_to - hour_from) * case when week_type is null then 1.0 else 0.5 end) as hours_per_week
    from attendances
    group by source_id, calendar_id
),

-- Contracts that start on the same day: the newest counts. One ends where the next begins.
ranked_contracts as (
    select
        *,
        row_number() over (partition by source_id, employee_id, date_start order by id desc) as position
    from contracts
),

periods as (
    select
        ranked_contracts.source_id,
        ranked_contracts.employee_id,
        ranked_contracts.date_start as valid_from,
        ranked_contracts.date_end,
        lead(ranked_contracts.date_start) over (
            partition by ranked_contracts.source_id, ranked_contracts.employee_id
            order by ranked_contracts.date_start
        ) as next_start,
        coalesce(weekly_hours.hours_per_week, calendars.hours_per_day * 5) as contract_hours_per_week
    from ranked_contracts
    left join calendars
        on
            ranked_contracts.source_id = calendars.source_id
            and ranked_contracts.resource_calendar_id = calendars.id
    left join weekly_hours
        on
            ranked_contracts.source_id = weekly_hours.source_id
            and ranked_contracts.resource_calendar_id = weekly_hours.calendar_id
    where ranked_contracts.position = 1
),

final as (
    select
        described.source_id,
        'odoo' as source_system,
        described.employee_id,
        {{ key('described.source_id', 'res.company', 'described.company_id') }} as company_id,
        described.employee_number,
        described.name,
        described.team,
        coalesce(ranked_roles.role, 'other') as role,
        coalesce(ranked_roles.role, 'other') = 'technical' as is_technical_user,
        periods.contract_hours_per_week,
        coalesce(periods.valid_from, date '1990-01-01') as valid_from,
        case
            when periods.date_end is null or periods.date_end >= periods.next_start
                then {{ dbt.dateadd('day', -1, 'periods.next_start') }}
            else periods.date_end
        end as valid_to
    from described
    left join ranked_roles
        on described.employee_id = ranked_roles.employee_id and ranked_roles.position = 1
    left join periods
        on described.source_id = periods.source_id and described.hr_employee_id = periods.employee_id
)

{{ conform('employees') }}

-- One row per employee, and per user who acts for nobody or for several.
with

employees as (
    select * from {{ raw('tryton', 'company_employee') }}
),

users as (
    select * from {{ ref('stg_tryton__users') }}
),

parties as (
    select * from {{ raw('tryton', 'party_party') }}
),

role_map as (
    select * from {{ ref('employee_role_map') }}
    where system = 'tryton'
),

people as (
    select
        employees.source_id,
        {{ key('employees.source_id', 'company.employee', 'employees.id') }} as employee_id,
        employees.company,
        coalesce(parties.code, cast(employees.id as {{ dbt.type_string() }})) as employee_number,
        parties.name,
        users.login,
        coalesce(employees.start_date, cast('1990-01-01' as date)) as valid_from,
        employees.end_date as valid_to
    from employees
    left join parties
        on employees.source_id = parties.source_id and employees.party = parties.id
    left join users
        on employees.source_id = users.source_id and employees.id = users.employee and users.login_number = 1

    union all

    select
        source_id,
        employee_id,
        cast(null as bigint) as company,
        login as employee_number,
        coalesce(name, login) as name,
        login,
        cast('1990-01-01' as date) as valid_from,
        cast(null as date) as valid_to
    from users
    where employee is null
),

roles as (
    select
        people.employee_id,
        role_map.role,
        row_number() over (partition by people.employee_id order by role_map.priority) as preference
    from people
    inner join role_map on role_map.matched_on = 'login' and people.login like role_map.pattern
),

final as (
    select
        people.source_id,
        'tryton' as source_system,
        people.employee_id,
        {{ key('people.source_id', 'company.company', 'people.company') }} as company_id,
        people.employee_number,
        people.name,
        coalesce(roles.role, 'other') as role,
        coalesce(roles.role, 'other') = 'technical' as is_technical_user,
        people.valid_from,
        people.valid_to
    from people
    left join roles on people.employee_id = roles.employee_id and roles.preference = 1
)

{{ conform('employees', lacks=['team', 'contract_hours_per_week']) }}

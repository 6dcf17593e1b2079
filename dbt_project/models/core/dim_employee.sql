-- One row per employee, with the attributes in force on the as-of date; `unknown` stands for none.
-- Past teams, roles and contract hours are in dim_employee_history.
with linked as (
    select from_id
    from {{ ref('int_identities') }}
    where entity_type = 'employee' and to_id is not null
),

-- The state in force, else the first one to come.
employees as (
    select *
    from (
        select
            employee.*,
            row_number() over (
                partition by employee.employee_id
                order by
                    case when employee.valid_from <= {{ as_of_date() }} then 0 else 1 end,
                    case when employee.valid_from <= {{ as_of_date() }} then employee.valid_from end desc,
                    employee.valid_from
            ) as preference
        from {{ ref('int_employees') }} as employee
        left join linked on employee.employee_id = linked.from_id
        where linked.from_id is null
    ) as ranked
    where preference = 1
),

inferred as (
    select distinct {{ resolved('employee', 'mention.id') }} as employee_id
    from {{ ref('int_mentions') }} as mention
    where mention.entity_type = 'employee'
    union distinct
    select 'unknown' as employee_id
),

members as (
    select
        employee_id,
        source_id,
        source_system,
        {{ resolved('company', 'employee.company_id') }} as company_id,
        {{ 'coalesce(name, employee_id)' if shows_employee_names() else pseudonym('employee.employee_id') }} as display_name,
        coalesce(team, 'unknown') as team,
        role,
        is_technical_user,
        contract_hours_per_week,
        valid_to is null or valid_to >= {{ as_of_date() }} as is_active,
        false as is_inferred
    from employees as employee
    union all
    select
        inferred.employee_id,
        'unknown' as source_id,
        'unknown' as source_system,
        cast(null as {{ dbt.type_string() }}) as company_id,
        case
            when inferred.employee_id = 'unknown' then 'unknown'
            else {{ 'inferred.employee_id' if shows_employee_names() else pseudonym('inferred.employee_id') }}
        end as display_name,
        'unknown' as team,
        'other' as role,
        false as is_technical_user,
        cast(null as decimal(18, 4)) as contract_hours_per_week,
        true as is_active,
        true as is_inferred
    from inferred
    left join employees on inferred.employee_id = employees.employee_id
    where employees.employee_id is null
)

select * from members

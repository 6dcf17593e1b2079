-- One row per collaborator.
with

people as (
    select * from {{ raw('sage100', 'F_COLLABORATEUR') }}
),

role_map as (
    select * from {{ ref('employee_role_map') }}
    where system = 'sage100'
),

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

ranked_roles as (
    select
        people.source_id,
        people.co_no,
        role_map.role,
        row_number() over (partition by people.source_id, people.co_no order by role_map.priority) as position
    from people
    inner join role_map
        on
            (role_map.matched_on = 'job_title' and lower(people.co_fonction) like role_map.pattern)
            or (role_map.matched_on = 'department' and lower(people.co_service) like role_map.pattern)
),

final as (
    select
        people.source_id,
        'sage100' as source_system,
        {{ key('people.source_id', 'F_COLLABORATEUR', 'people.co_no') }} as employee_id,
        companies.company_id,
        cast(people.co_no as {{ dbt.type_string() }}) as employee_number,
        trim(coalesce(people.co_prenom, '') || ' ' || people.co_nom) as name,
        nullif(trim(people.co_service), '') as team,
        -- The boxes that Sage offers speak where the title does not.
        coalesce(
            ranked_roles.role,
            case
                when people.co_vendeur = 1 then 'salesperson'
                when people.co_chargerecouvr = 1 then 'collector'
                when people.co_receptionnaire = 1 then 'logistician'
            end,
            'other'
        ) as role,
        coalesce(ranked_roles.role, 'other') = 'technical' as is_technical_user,
        date '1990-01-01' as valid_from
    from people
    inner join companies on people.source_id = companies.source_id
    left join ranked_roles
        on
            people.source_id = ranked_roles.source_id
            and people.co_no = ranked_roles.co_no
            and ranked_roles.position = 1
)

{{ conform('employees', lacks=['contract_hours_per_week', 'valid_to']) }}

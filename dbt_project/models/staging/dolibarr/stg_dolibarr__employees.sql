-- One row per user. A user who belongs to a third party is a customer at the portal, and no colleague's work is his.
with

users as (
    select * from {{ raw('dolibarr', 'llx_user') }}
),

teams as (
    select
        members.source_id,
        members.fk_user,
        min(teams.nom) as team
    from {{ raw('dolibarr', 'llx_usergroup_user') }} as members
    inner join {{ raw('dolibarr', 'llx_usergroup') }} as teams
        on members.source_id = teams.source_id and members.fk_usergroup = teams.rowid
    group by members.source_id, members.fk_user
),

role_map as (
    select * from {{ ref('employee_role_map') }}
    where system = 'dolibarr'
),

roles as (
    select
        users.source_id,
        users.rowid,
        role_map.role,
        row_number() over (partition by users.source_id, users.rowid order by role_map.priority) as preference
    from users
    inner join role_map
        on
            (role_map.matched_on = 'login' and lower(users.login) like role_map.pattern)
            or (role_map.matched_on = 'job_title' and lower(users.job) like role_map.pattern)
),

final as (
    select
        users.source_id,
        'dolibarr' as source_system,
        {{ key('users.source_id', 'user', 'users.rowid') }} as employee_id,
        {{ key('users.source_id', 'entity', 'nullif(users.entity, 0)') }} as company_id,
        users.login as employee_number,
        coalesce(nullif(trim(coalesce(users.firstname, '') || ' ' || coalesce(users.lastname, '')), ''), users.login) as name,
        teams.team,
        coalesce(roles.role, 'other') as role,
        coalesce(roles.role, 'other') = 'technical' or coalesce(users.fk_soc, 0) <> 0 as is_technical_user,
        users.weeklyhours as contract_hours_per_week,
        coalesce(users.dateemployment, cast('1990-01-01' as date)) as valid_from,
        users.dateemploymentend as valid_to
    from users
    left join teams
        on users.source_id = teams.source_id and users.rowid = teams.fk_user
    left join roles
        on users.source_id = roles.source_id and users.rowid = roles.rowid and roles.preference = 1
)

{{ conform('employees') }}

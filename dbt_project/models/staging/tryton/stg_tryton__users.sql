-- One row per user, with the employee who acts under the login, if it is one alone.
with

users as (
    select * from {{ raw('tryton', 'res_user') }}
),

acts_for as (
    select
        source_id,
        user_id,
        min(employee) as employee
    from {{ raw('tryton', 'res_user_company_employee') }}
    group by source_id, user_id
    having count(*) = 1
),

matched as (
    select
        users.source_id,
        users.id,
        users.name,
        lower(users.login) as login,
        coalesce(users.employee, acts_for.employee) as employee
    from users
    left join acts_for
        on users.source_id = acts_for.source_id and users.id = acts_for.user_id
)

select
    *,
    row_number() over (partition by source_id, employee order by id) as login_number,
    case
        when employee is not null then {{ key('source_id', 'company.employee', 'employee') }}
        else {{ key('source_id', 'res.user', 'id') }}
    end as employee_id
from matched

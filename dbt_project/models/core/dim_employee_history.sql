-- One row per employee and validity start: team, role and contract hours as they were.
select
    employee_id,
    valid_from,
    valid_to,
    coalesce(team, 'unknown') as team,
    role,
    is_technical_user,
    contract_hours_per_week
from {{ ref('int_employees') }}

-- One row per employee, day and reason of absence.
with

absences as (

    select * from {{ ref('int_absences') }}

)

select
    absences.source_id,
    absences.source_system,
    coalesce({{ resolved('company', 'absences.company_id') }}, 'unknown') as company_id,
    coalesce({{ resolved('employee', 'absences.employee_id') }}, 'unknown') as employee_id,
    absences.absence_date,
    absences.hours,
    absences.reason
from absences

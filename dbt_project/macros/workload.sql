{# Monday of the day's week. #}
{% macro week_of(day) -%}
    {{ add_days(day, '1 - ' ~ day_of_week(day)) }}
{%- endmacro %}

{#
    The CTE `timed_work`: each piece of work and task that a standard time names for it, with the minutes that
    held when it came up. Minutes of the channel come before those for all channels. What a robot did costs
    nobody's time, unless its channel has a time of its own; work without a valid time has empty minutes.
#}
{% macro timed_work() -%}
work_items as (
    select * from {{ ref('int_work_items') }}
),

standard_times as (
    select task, document_type, event_type, channel, minutes, valid_from, valid_to
    from {{ ref('fct_standard_times') }}
    where document_type is not null and event_type is not null
),

tasks as (
    select distinct task, document_type, event_type
    from standard_times
),

channels as (
    select distinct channel
    from work_items
),

times as (
    select task, document_type, event_type, channel, minutes, valid_from, valid_to, is_own
    from (
        select
            standard_times.task,
            standard_times.document_type,
            standard_times.event_type,
            channels.channel,
            standard_times.minutes,
            standard_times.valid_from,
            standard_times.valid_to,
            standard_times.channel is not null as is_own,
            max(case when standard_times.channel is not null then 1 else 0 end) over (
                partition by standard_times.task, standard_times.document_type, standard_times.event_type, channels.channel
            ) as has_own
        from standard_times
        cross join channels
        where standard_times.channel is null or standard_times.channel = channels.channel
    ) as candidates
    where is_own or has_own = 0
),

timed_work as (
    select
        work_items.work_item_id,
        work_items.company_id,
        work_items.team,
        work_items.owner_id,
        work_items.arrived_on,
        work_items.done_on,
        work_items.withdrawn_on,
        work_items.is_by_robot,
        work_items.waited_minutes,
        tasks.task,
        times.minutes
    from work_items
    inner join tasks
        on work_items.document_type = tasks.document_type and work_items.event_type = tasks.event_type
    left join times
        on
            tasks.task = times.task
            and work_items.document_type = times.document_type
            and work_items.event_type = times.event_type
            and work_items.channel = times.channel
            and {{ holds_on('times.valid_from', 'times.valid_to', 'work_items.arrived_on') }}
    where not work_items.is_by_robot or coalesce(times.is_own, false)
)
{%- endmacro %}

{#
    The CTE `capacity_days`: each agent of sales administration on each working day of the CTE `capacity_span`
    (first_date, last_date), with the minutes that the contract pays and those absent. Without contract hours
    the minutes are empty.
#}
{% macro capacity_days() -%}
working_days as (
    select companies.company_id, companies.country_code, dates.date_day, dates.day_of_week
    from {{ ref('dim_company') }} as companies
    inner join {{ ref('dim_date') }} as dates on companies.calendar_code = dates.calendar_code
    cross join capacity_span
    where dates.is_working_day and dates.date_day between capacity_span.first_date and capacity_span.last_date
),

-- Over the weeks of a year every weekday is a working day sometimes; holidays do not shorten the contract.
working_weeks as (
    select companies.company_id, count(distinct dates.day_of_week) as days_per_week
    from {{ ref('dim_company') }} as companies
    inner join {{ ref('dim_date') }} as dates on companies.calendar_code = dates.calendar_code
    where dates.is_working_day
    group by companies.company_id
),

contracts as (
    select
        employees.employee_id,
        coalesce(employees.company_id, 'unknown') as company_id,
        history.team,
        history.contract_hours_per_week,
        history.valid_from,
        history.valid_to
    from {{ ref('dim_employee') }} as employees
    inner join {{ ref('dim_employee_history') }} as history on employees.employee_id = history.employee_id
    where history.role = 'adv_agent' and not history.is_technical_user
),

absences as (
    select employee_id, absence_date, sum(hours) * 60 as absent_minutes
    from {{ ref('fct_absences') }}
    group by employee_id, absence_date
),

capacity_days as (
    select
        contracts.company_id,
        contracts.team,
        contracts.employee_id,
        working_days.date_day,
        contracts.contract_hours_per_week * 60.0 / working_weeks.days_per_week as paid_minutes,
        least(
            coalesce(absences.absent_minutes, 0),
            contracts.contract_hours_per_week * 60.0 / working_weeks.days_per_week
        ) as absent_minutes
    from contracts
    inner join working_days
        on
            contracts.company_id = working_days.company_id
            and {{ holds_on('contracts.valid_from', 'contracts.valid_to', 'working_days.date_day') }}
    inner join working_weeks on contracts.company_id = working_weeks.company_id
    left join absences
        on contracts.employee_id = absences.employee_id and working_days.date_day = absences.absence_date
)
{%- endmacro %}

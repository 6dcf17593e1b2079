-- One row per company, team, task and week from the company's first piece of work to the as-of date.
with {{ timed_work() }},

moves as (
    {%- for move, day in [('arrived', 'arrived_on'), ('completed', 'done_on'), ('withdrawn', 'withdrawn_on')] %}
    select
        company_id,
        team,
        task,
        {{ week_of(day) }} as week_start,
        '{{ move }}' as move,
        minutes,
        waited_minutes,
        is_by_robot
    from timed_work
    where {{ day }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

weeks as (
    select
        company_id,
        team,
        task,
        week_start,
        {%- for move in ['arrived', 'completed', 'withdrawn'] %}
        sum(case when move = '{{ move }}' then 1 else 0 end) as {{ move }}_units,
        sum(case when move = '{{ move }}' then coalesce(minutes, 0) else 0 end) as {{ move }}_minutes,
        {%- endfor %}
        sum(case when move = 'arrived' and minutes is null then 1 else 0 end) as untimed_units,
        sum(case when move = 'completed' and not is_by_robot then coalesce(waited_minutes, 0) else 0 end) as waited_minutes,
        sum(case when move = 'completed' and not is_by_robot and waited_minutes is not null then 1 else 0 end) as waited_units
    from moves
    group by company_id, team, task, week_start
),

-- Weeks without work count too, in what lies open and in what is forecast.
series as (
    select company_id, team, task, min(min(week_start)) over (partition by company_id) as first_week
    from weeks
    group by company_id, team, task
),

span as (
    select min(first_week) as first_date, {{ week_of(as_of_date()) }} as last_date
    from series
),

calendar as (
    {{ days_of('span', 'first_date', 'last_date', 'date_day') }}
),

company_weeks as (
    select companies.company_id, dates.week_start, sum(case when dates.is_working_day then 1 else 0 end) as working_days
    from {{ ref('dim_company') }} as companies
    inner join {{ ref('dim_date') }} as dates on companies.calendar_code = dates.calendar_code
    group by companies.company_id, dates.week_start
),

filled as (
    select
        series.company_id,
        series.team,
        series.task,
        calendar.date_day as week_start,
        {%- for measure in [
            'arrived_units', 'arrived_minutes', 'completed_units', 'completed_minutes', 'withdrawn_units', 'withdrawn_minutes',
            'untimed_units', 'waited_minutes', 'waited_units',
        ] %}
        coalesce(weeks.{{ measure }}, 0) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from series
    inner join calendar on series.first_week <= calendar.date_day
    left join weeks
        on
            series.company_id = weeks.company_id
            and series.team = weeks.team
            and series.task = weeks.task
            and calendar.date_day = weeks.week_start
    where {{ day_of_week('calendar.date_day') }} = 1
),

running as (
    select
        *,
        {%- for measure in ['units', 'minutes'] %}
        sum(arrived_{{ measure }} - completed_{{ measure }} - withdrawn_{{ measure }}) over (
            partition by company_id, team, task order by week_start
            rows between unbounded preceding and current row
        ) as closing_{{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from filled
)

select
    running.company_id,
    running.team,
    running.task,
    running.week_start,
    {{ add_days('running.week_start', 6) }} <= {{ as_of_date() }} as is_complete,
    cast(coalesce(company_weeks.working_days, 0) as bigint) as working_days,
    cast(running.closing_units - running.arrived_units + running.completed_units + running.withdrawn_units as bigint) as opening_units,
    cast(running.arrived_units as bigint) as arrived_units,
    cast(running.completed_units as bigint) as completed_units,
    cast(running.withdrawn_units as bigint) as withdrawn_units,
    cast(running.closing_units as bigint) as closing_units,
    cast(running.untimed_units as bigint) as untimed_units,
    cast(
        running.closing_minutes - running.arrived_minutes + running.completed_minutes + running.withdrawn_minutes as decimal(18, 4)
    ) as opening_minutes,
    cast(running.arrived_minutes as decimal(18, 4)) as arrived_minutes,
    cast(running.completed_minutes as decimal(18, 4)) as completed_minutes,
    cast(running.withdrawn_minutes as decimal(18, 4)) as withdrawn_minutes,
    cast(running.closing_minutes as decimal(18, 4)) as closing_minutes,
    cast(running.waited_minutes as decimal(18, 2)) as waited_minutes,
    cast(running.waited_units as bigint) as waited_units
from running
left join company_weeks
    on running.company_id = company_weeks.company_id and running.week_start = company_weeks.week_start

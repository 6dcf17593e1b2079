-- One row per as-of date, company, week, team, breakdown (the team, or one of its tasks), task and measure kind
-- (an actual week, the running week to date, a forecast week).
{%- set flows = [
    'opening_units', 'arrived_units', 'completed_units', 'withdrawn_units', 'closing_units', 'untimed_units', 'waited_units',
    'opening_minutes', 'arrived_minutes', 'completed_minutes', 'closing_minutes', 'waited_minutes',
] %}
{%- set shrinkage = var('staffing_absence_share') + var('staffing_other_shrinkage') %}
with weekly as (
    select * from {{ ref('int_workload_weekly') }}
),

forecasts as (
    select * from {{ ref('int_workload_forecast') }}
),

capacity_span as (
    select
        coalesce(min(week_start), {{ as_of_date() }}) as first_date,
        {{ add_days(as_of_date(), '7 * (' ~ var('forecast_weeks') ~ ' + 1)') }} as last_date
    from weekly
),

{{ capacity_days() }},

last_weeks as (
    select company_id, max(week_start) as last_week
    from weekly
    where is_complete
    group by company_id
),

-- The first week forecast finds what waited when the last complete one ended; what is left after it counts as cleared.
waiting as (
    select
        weekly.company_id,
        weekly.team,
        weekly.task,
        {{ add_days('weekly.week_start', 7) }} as week_start,
        weekly.closing_units,
        weekly.closing_minutes
    from weekly
    inner join last_weeks on weekly.company_id = last_weeks.company_id and weekly.week_start = last_weeks.last_week
),

actual_tasks as (
    select
        company_id,
        week_start,
        team,
        task,
        case when is_complete then 'actual' else 'to_date' end as measure_kind,
        {{ flows | join(', ') }}
    from weekly
),

actuals as (
    select company_id, week_start, team, 'task' as breakdown, task, measure_kind, {{ flows | join(', ') }}
    from actual_tasks
    union all
    select
        company_id,
        week_start,
        team,
        'team' as breakdown,
        'all' as task,
        measure_kind
        {%- for flow in flows %},
        sum({{ flow }}) as {{ flow }}
        {%- endfor %}
    from actual_tasks
    group by company_id, week_start, team, measure_kind
),

expected as (
    select
        forecasts.company_id,
        cast(forecasts.week_start as date) as week_start,
        forecasts.team,
        forecasts.breakdown,
        forecasts.task,
        max(forecasts.minutes_per_working_day) as minutes_per_working_day,
        max(forecasts.low_minutes_per_working_day) as low_minutes_per_working_day,
        max(forecasts.high_minutes_per_working_day) as high_minutes_per_working_day,
        max(forecasts.method) as forecast_method,
        max(forecasts.history_weeks) as history_weeks,
        max(forecasts.backtest_weeks) as backtest_weeks,
        max(forecasts.backtest_error_minutes) as backtest_error_minutes,
        max(forecasts.backtest_actual_minutes) as backtest_actual_minutes,
        max(forecasts.seasonal_naive_error_minutes) as seasonal_naive_error_minutes,
        max(forecasts.mean_seasonal_change_minutes) as mean_seasonal_change_minutes,
        sum(waiting.closing_units) as opening_units,
        sum(waiting.closing_minutes) as opening_minutes
    from forecasts
    left join waiting
        on
            forecasts.company_id = waiting.company_id
            and forecasts.team = waiting.team
            and (forecasts.breakdown = 'team' or forecasts.task = waiting.task)
            and cast(forecasts.week_start as date) = waiting.week_start
    group by forecasts.company_id, forecasts.week_start, forecasts.team, forecasts.breakdown, forecasts.task
),

-- Days that a row stands for: of the running week to date only those that are over.
company_weeks as (
    select
        company_id,
        max(country_code) as country_code,
        {{ week_of('date_day') }} as week_start,
        count(*) as working_days,
        sum(case when date_day <= {{ as_of_date() }} then 1 else 0 end) as working_days_to_date
    from working_days
    group by company_id, {{ week_of('date_day') }}
),

capacity as (
    select
        company_id,
        team,
        {{ week_of('date_day') }} as week_start,
        count(distinct employee_id) as agents,
        count(distinct case when paid_minutes is null then employee_id end) as agents_without_hours,
        sum(paid_minutes) as paid_minutes,
        sum(case when date_day <= {{ as_of_date() }} then paid_minutes end) as paid_minutes_to_date,
        sum(absent_minutes) as absent_minutes,
        sum(case when date_day <= {{ as_of_date() }} then absent_minutes end) as absent_minutes_to_date
    from capacity_days
    group by company_id, team, {{ week_of('date_day') }}
),

rows_of_weeks as (
    select
        company_id,
        week_start,
        team,
        breakdown,
        task,
        measure_kind,
        {{ flows | join(', ') }},
        arrived_minutes as workload_minutes,
        cast(null as double) as workload_minutes_low,
        cast(null as double) as workload_minutes_high,
        cast(null as {{ dbt.type_string() }}) as forecast_method,
        cast(null as bigint) as history_weeks,
        cast(null as bigint) as backtest_weeks,
        cast(null as double) as backtest_error_minutes,
        cast(null as double) as backtest_actual_minutes,
        cast(null as double) as seasonal_naive_error_minutes,
        cast(null as double) as mean_seasonal_change_minutes
    from actuals
    union all
    select
        expected.company_id,
        expected.week_start,
        expected.team,
        expected.breakdown,
        expected.task,
        'forecast' as measure_kind,
        {%- for flow in flows %}
        {{ 'expected.' ~ flow if flow in ('opening_units', 'opening_minutes') else 'null as ' ~ flow }},
        {%- endfor %}
        expected.minutes_per_working_day * coalesce(company_weeks.working_days, 0) as workload_minutes,
        expected.low_minutes_per_working_day * coalesce(company_weeks.working_days, 0) as workload_minutes_low,
        expected.high_minutes_per_working_day * coalesce(company_weeks.working_days, 0) as workload_minutes_high,
        expected.forecast_method,
        expected.history_weeks,
        expected.backtest_weeks,
        expected.backtest_error_minutes,
        expected.backtest_actual_minutes,
        expected.seasonal_naive_error_minutes,
        expected.mean_seasonal_change_minutes
    from expected
    left join company_weeks
        on expected.company_id = company_weeks.company_id and expected.week_start = company_weeks.week_start
),

-- Capacity belongs to the team, not to one of its tasks. Absences to come are at least the usual ones.
measured as (
    select
        rows_of_weeks.*,
        coalesce(
            case when rows_of_weeks.measure_kind = 'to_date' then company_weeks.working_days_to_date else company_weeks.working_days end, 0
        ) as working_days,
        coalesce(own_hours.hours_per_week, usual_hours.hours_per_week) * 60.0 / working_weeks.days_per_week as full_time_minutes_per_day,
        case when rows_of_weeks.breakdown = 'team' then coalesce(capacity.agents, 0) end as agents,
        case when rows_of_weeks.breakdown = 'team' then coalesce(capacity.agents_without_hours, 0) end as agents_without_hours,
        case
            when rows_of_weeks.breakdown <> 'team' then null
            when rows_of_weeks.measure_kind = 'to_date' then capacity.paid_minutes_to_date
            else capacity.paid_minutes
        end as paid_minutes,
        case
            when rows_of_weeks.breakdown <> 'team' then null
            when rows_of_weeks.measure_kind = 'to_date' then capacity.absent_minutes_to_date
            when rows_of_weeks.measure_kind = 'forecast'
                then greatest(capacity.absent_minutes, {{ var('staffing_absence_share') }} * capacity.paid_minutes)
            else capacity.absent_minutes
        end as absence_minutes
    from rows_of_weeks
    left join company_weeks
        on rows_of_weeks.company_id = company_weeks.company_id and rows_of_weeks.week_start = company_weeks.week_start
    left join capacity
        on
            rows_of_weeks.company_id = capacity.company_id
            and rows_of_weeks.team = capacity.team
            and rows_of_weeks.week_start = capacity.week_start
    left join working_weeks on rows_of_weeks.company_id = working_weeks.company_id
    left join {{ ref('full_time_hours') }} as own_hours on company_weeks.country_code = own_hours.country_code
    left join {{ ref('full_time_hours') }} as usual_hours on usual_hours.country_code = 'default'
),

weighed as (
    select
        *,
        workload_minutes
        + coalesce(opening_minutes, 0) * least(cast(working_days as double) / {{ var('backlog_clear_days') }}, 1) as required_minutes,
        case
            when paid_minutes is not null
                then
                    greatest(paid_minutes * (1 - {{ var('staffing_other_shrinkage') }}) - absence_minutes, 0)
                    * {{ var('staffing_occupancy') }}
        end as capacity_minutes,
        working_days * full_time_minutes_per_day as full_time_minutes,
        working_days * full_time_minutes_per_day * (1 - {{ shrinkage }}) * {{ var('staffing_occupancy') }} as productive_minutes_per_fte
    from measured
)

select
    {{ as_of_date() }} as as_of_date,
    company_id,
    week_start,
    team,
    breakdown,
    task,
    measure_kind,
    measure_kind = 'forecast' as is_forecast,
    cast(working_days as bigint) as working_days,
    cast(opening_units as bigint) as opening_units,
    cast(arrived_units as bigint) as arrived_units,
    cast(completed_units as bigint) as completed_units,
    cast(withdrawn_units as bigint) as withdrawn_units,
    cast(closing_units as bigint) as closing_units,
    cast(untimed_units as bigint) as untimed_units,
    cast(opening_minutes as decimal(18, 2)) as opening_minutes,
    cast(workload_minutes as decimal(18, 2)) as workload_minutes,
    cast(workload_minutes_low as decimal(18, 2)) as workload_minutes_low,
    cast(workload_minutes_high as decimal(18, 2)) as workload_minutes_high,
    cast(completed_minutes as decimal(18, 2)) as completed_minutes,
    cast(closing_minutes as decimal(18, 2)) as closing_minutes,
    cast(required_minutes as decimal(18, 2)) as required_minutes,
    cast(waited_minutes as decimal(18, 2)) as waited_minutes,
    cast(waited_units as bigint) as waited_units,
    {{ ratio('waited_minutes', 'waited_units') }} as mean_waited_minutes,
    cast(agents as bigint) as agents,
    cast(agents_without_hours as bigint) as agents_without_hours,
    cast(paid_minutes as decimal(18, 2)) as paid_minutes,
    cast(absence_minutes as decimal(18, 2)) as absence_minutes,
    cast(capacity_minutes as decimal(18, 2)) as capacity_minutes,
    cast(productive_minutes_per_fte as decimal(18, 2)) as productive_minutes_per_fte,
    {{ ratio('required_minutes', 'productive_minutes_per_fte') }} as fte_needed,
    {{ ratio('paid_minutes', 'full_time_minutes') }} as fte_contracted,
    cast(
        {{ ratio('paid_minutes', 'full_time_minutes') }} - {{ ratio('required_minutes', 'productive_minutes_per_fte') }} as decimal(18, 6)
    ) as fte_gap,
    {{ ratio('required_minutes', 'capacity_minutes') }} as load_share,
    forecast_method,
    history_weeks,
    backtest_weeks,
    cast(backtest_error_minutes as decimal(18, 2)) as backtest_error_minutes,
    cast(backtest_actual_minutes as decimal(18, 2)) as backtest_actual_minutes,
    {{ ratio('backtest_error_minutes', 'backtest_actual_minutes') }} as backtest_error_share,
    cast(seasonal_naive_error_minutes as decimal(18, 2)) as seasonal_naive_error_minutes,
    {{ ratio('seasonal_naive_error_minutes', 'backtest_actual_minutes') }} as seasonal_naive_error_share,
    {{ ratio('backtest_error_minutes', 'backtest_weeks * mean_seasonal_change_minutes') }} as mean_absolute_scaled_error
from weighed

-- One row per company, month and colleague for whom information was looked up, from the first
-- look-up for that colleague on; months without one have 0.
with requesters as (
    select employee_id, display_name, team
    from {{ ref('dim_employee') }}
),

lookups as (
    select
        company_id,
        {{ month_of('occurred_on') }} as month_start,
        coalesce(requester_id, 'unknown') as requester_id,
        count(*) as lookups,
        count(minutes) as timed_lookups,
        sum(minutes) as minutes
    from {{ ref('fct_interactions') }}
    where interaction_type = 'information_lookup'
    group by company_id, {{ month_of('occurred_on') }}, coalesce(requester_id, 'unknown')
),

spans as (
    select company_id, requester_id, min(month_start) as first_month
    from lookups
    group by company_id, requester_id
),

months as (
    select distinct month_start
    from {{ ref('dim_date') }}
    where date_day <= {{ as_of_date() }}
),

series as (
    select
        spans.company_id,
        spans.requester_id,
        months.month_start,
        coalesce(lookups.lookups, 0) as lookups,
        coalesce(lookups.timed_lookups, 0) as timed_lookups,
        coalesce(lookups.minutes, 0) as minutes,
        row_number() over (partition by spans.company_id, spans.requester_id order by months.month_start) as position,
        -- A month that goes on would always look like a decline.
        {{ add_days("cast(" ~ dbt.dateadd('month', 1, 'months.month_start') ~ " as date)", -1) }} <= {{ as_of_date() }} as is_month_over
    from spans
    inner join months on spans.first_month <= months.month_start
    left join lookups
        on
            spans.company_id = lookups.company_id
            and spans.requester_id = lookups.requester_id
            and months.month_start = lookups.month_start
),

windows as (
    {%- set window_of = "over (partition by company_id, requester_id order by position rows between " %}
    select
        *,
        sum(lookups) {{ window_of }}3 preceding and 1 preceding) as previous_lookups,
        sum(lookups) {{ window_of }}11 preceding and current row) as year_lookups,
        sum(position * lookups) {{ window_of }}11 preceding and current row) as weighted_lookups
    from series
)

select
    windows.company_id,
    windows.month_start,
    windows.requester_id,
    requesters.display_name as requester_name,
    requesters.team as requester_team,
    cast(windows.lookups as bigint) as lookups,
    cast(windows.timed_lookups as bigint) as timed_lookups,
    {{ money('windows.minutes') }} as minutes,
    windows.is_month_over,
    cast(case when windows.position > 3 then windows.previous_lookups end as bigint) as previous_3_months_lookups,
    case
        when windows.position > 3 and windows.is_month_over
            then {{ ratio('3 * windows.lookups - windows.previous_lookups', 'windows.previous_lookups') }}
    end as change_on_previous_3_months,
    cast(case when windows.position > 11 and windows.is_month_over then windows.year_lookups end as bigint) as last_12_months_lookups,
    -- Least squares over twelve months: their positions have the mean `position` - 5.5 and the
    -- squared deviations from it add up to 143.
    case
        when windows.position > 11 and windows.is_month_over
            then {{ ratio('windows.weighted_lookups - (windows.position - 5.5) * windows.year_lookups', '143') }}
    end as slope_per_month
from windows
inner join requesters on windows.requester_id = requesters.employee_id

-- One row per company, month, stage and breakdown: all orders, per channel, and per channel and
-- team. Medians cannot be added up, so each breakdown has its own. Beside the stages that ended in the
-- month stand those that lasted at its end, or on the as-of date: the ended ones alone look better
-- the longer the slow ones take.
with companies as (
    select company_id, calendar_code, time_zone
    from {{ ref('dim_company') }}
),

stages as (
    select
        stage.*,
        companies.time_zone,
        companies.calendar_code
    from {{ ref('int_order_stages') }} as stage
    inner join companies on stage.company_id = companies.company_id
),

month_ends as (
    select
        companies.company_id,
        calendar.month_start,
        {{ utc_instant("cast(" ~ add_days('calendar.date_day', 1) ~ " as timestamp)", 'companies.time_zone') }} as ends_at
    from companies
    inner join {{ ref('dim_date') }} as calendar on companies.calendar_code = calendar.calendar_code
    where calendar.date_day = {{ as_of_date() }} or (calendar.is_month_end and calendar.date_day < {{ as_of_date() }})
),

ended as (
    select
        order_id,
        stage,
        company_id,
        channel,
        team,
        max(ended_on) as ended_on,
        max(case when starts_at_entry then 1 else 0 end) as starts_at_entry,
        sum(working_minutes) as working_minutes,
        max(calendar_days) as calendar_days,
        max(term_days) as term_days
    from stages
    group by order_id, stage, company_id, channel, team
    having count(ended_on) = count(*)
),

lasting as (
    select distinct
        stages.order_id,
        stages.stage,
        month_ends.month_start,
        month_ends.ends_at
    from stages
    inner join month_ends
        on
            stages.company_id = month_ends.company_id
            and stages.started_at < month_ends.ends_at
            and (stages.left_at is null or stages.left_at >= month_ends.ends_at)
),

-- What an order waited before counts too, a pause between two waits does not.
lasting_stays as (
    select
        stages.order_id,
        stages.stage,
        stages.company_id,
        stages.channel,
        stages.team,
        stages.time_zone,
        stages.counted_from,
        stages.started_at,
        case when stages.left_at < lasting.ends_at then stages.left_at else lasting.ends_at end as until_at,
        lasting.month_start,
        lasting.ends_at
    from lasting
    inner join stages
        on
            lasting.order_id = stages.order_id
            and lasting.stage = stages.stage
            and stages.started_at < lasting.ends_at
),

lasted as (
    select
        lasting_stays.order_id,
        lasting_stays.stage,
        lasting_stays.company_id,
        lasting_stays.channel,
        lasting_stays.team,
        lasting_stays.month_start,
        sum({{ working_minutes('start_day', 'lasting_stays.started_at', 'end_day', 'lasting_stays.until_at') }}) as working_minutes,
        max({{ days_between('lasting_stays.counted_from', add_days(local_date('lasting_stays.ends_at', 'lasting_stays.time_zone'), -1)) }}) as calendar_days
    from lasting_stays
    {{ join_business_day('start_day', 'lasting_stays.company_id', 'lasting_stays.started_at', 'lasting_stays.time_zone') }}
    {{ join_business_day('end_day', 'lasting_stays.company_id', 'lasting_stays.until_at', 'lasting_stays.time_zone') }}
    group by
        lasting_stays.order_id, lasting_stays.stage, lasting_stays.company_id, lasting_stays.channel, lasting_stays.team,
        lasting_stays.month_start
),

cases as (
    select
        company_id,
        {{ month_of('ended_on') }} as month_start,
        stage,
        channel,
        team,
        1 as ended,
        starts_at_entry as started_at_entry,
        case when stage <> 'payment' then working_minutes end as working_minutes,
        calendar_days,
        term_days,
        cast(null as decimal(18, 2)) as lasting_minutes,
        cast(null as bigint) as lasting_days
    from ended
    union all
    select
        company_id,
        month_start,
        stage,
        channel,
        team,
        0,
        0,
        null,
        null,
        null,
        case when stage <> 'payment' then working_minutes end,
        calendar_days
    from lasted
)

{% for breakdown, dimensions in [('all', []), ('channel', ['channel']), ('channel_team', ['channel', 'team'])] %}
select
    company_id,
    month_start,
    stage,
    '{{ breakdown }}' as breakdown,
    {{ 'channel' if 'channel' in dimensions else "'all' as channel" }},
    {{ 'team' if 'team' in dimensions else "'all' as team" }},
    cast(sum(ended) as bigint) as orders,
    cast(sum(started_at_entry) as bigint) as orders_starting_at_entry,
    cast({{ percentile('working_minutes', 0.5) }} as decimal(18, 2)) as median_minutes,
    cast({{ percentile('working_minutes', 0.9) }} as decimal(18, 2)) as p90_minutes,
    cast(sum(working_minutes) as decimal(18, 2)) as total_minutes,
    cast({{ percentile('calendar_days', 0.5) }} as decimal(18, 2)) as median_calendar_days,
    cast({{ percentile('calendar_days', 0.9) }} as decimal(18, 2)) as p90_calendar_days,
    cast(sum(calendar_days) as decimal(18, 2)) as total_calendar_days,
    cast(sum(term_days) as decimal(18, 2)) as total_term_days,
    cast(sum(1 - ended) as bigint) as lasting_orders,
    cast({{ percentile('lasting_minutes', 0.5) }} as decimal(18, 2)) as lasting_median_minutes,
    cast({{ percentile('lasting_minutes', 0.9) }} as decimal(18, 2)) as lasting_p90_minutes,
    cast({{ percentile('lasting_days', 0.5) }} as decimal(18, 2)) as lasting_median_calendar_days
from cases
group by {{ (['company_id', 'month_start', 'stage'] + dimensions) | join(', ') }}
{{ 'union all' if not loop.last }}
{% endfor %}

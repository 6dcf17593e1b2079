-- One row per company, month in which the stage ended, stage and breakdown: all orders, per
-- channel, and per channel and team. Medians cannot be added up, so each breakdown has its own.
{%- set measures %}
    cast(count(*) as bigint) as orders,
    cast({{ percentile('working_minutes', 0.5) }} as decimal(18, 2)) as median_minutes,
    cast({{ percentile('working_minutes', 0.9) }} as decimal(18, 2)) as p90_minutes,
    cast(sum(working_minutes) as decimal(18, 2)) as total_minutes
{%- endset %}
with stages as (
    select
        company_id,
        {{ month_of('ended_on') }} as month_start,
        stage,
        channel,
        team,
        working_minutes
    from {{ ref('int_order_stages') }}
)

select
    company_id,
    month_start,
    stage,
    'all' as breakdown,
    'all' as channel,
    'all' as team,
    {{ measures }}
from stages
group by company_id, month_start, stage
union all
select
    company_id,
    month_start,
    stage,
    'channel' as breakdown,
    channel,
    'all' as team,
    {{ measures }}
from stages
group by company_id, month_start, stage, channel
union all
select
    company_id,
    month_start,
    stage,
    'channel_team' as breakdown,
    channel,
    team,
    {{ measures }}
from stages
group by company_id, month_start, stage, channel, team

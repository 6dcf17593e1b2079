-- One row per company, month and breakdown (all, per topic, per channel, per team, and per all three)
-- with contacts with customers, beside the orders of the month.
{%- set breakdowns = {
    'all': [],
    'topic': ['topic'],
    'channel': ['channel'],
    'team': ['team'],
    'topic_channel_team': ['topic', 'channel', 'team'],
} %}
with teams as (
    {{ employee_teams() }}
),

-- Information looked up for a colleague is no contact: information_lookups_monthly counts it.
contacts as (
    select
        interactions.company_id,
        {{ month_of('interactions.occurred_on') }} as month_start,
        coalesce(interactions.topic, 'unknown') as topic,
        case when interactions.interaction_type = 'call' then 'telephone' else interactions.interaction_type end as channel,
        coalesce(teams.team, 'unknown') as team,
        interactions.direction,
        interactions.minutes
    from {{ ref('fct_interactions') }} as interactions
    left join teams
        on
            interactions.employee_id = teams.employee_id
            and interactions.occurred_on between teams.valid_from and teams.valid_to
    where interactions.interaction_type <> 'information_lookup'
),

orders as (
    select company_id, {{ month_of('created_date') }} as month_start, team, count(*) as entered_orders
    from {{ ref('fct_documents') }}
    where document_type = 'order' and created_date <= {{ as_of_date() }}
    group by company_id, {{ month_of('created_date') }}, team
),

counted as (
    {%- for breakdown, dimensions in breakdowns.items() %}
    select
        company_id,
        month_start,
        '{{ breakdown }}' as breakdown,
        {%- for dimension in ['topic', 'channel', 'team'] %}
        {{ dimension if dimension in dimensions else "'all' as " ~ dimension }},
        {%- endfor %}
        count(*) as contacts,
        sum(case when direction = 'inbound' then 1 else 0 end) as inbound_contacts,
        sum(case when topic = 'order_status' then 1 else 0 end) as order_status_contacts,
        count(minutes) as timed_contacts,
        sum(minutes) as minutes
    from contacts
    group by {{ (['company_id', 'month_start'] + dimensions) | join(', ') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- What contacts are measured by: the orders of the company, or of the team where there is one.
measured_orders as (
    select company_id, month_start, 'all' as team, sum(entered_orders) as entered_orders
    from orders
    group by company_id, month_start
    union all
    select company_id, month_start, team, entered_orders
    from orders
),

-- Months and teams with orders and no contact count as well: 0 contacts is a result.
silent as (
    select
        measured_orders.company_id,
        measured_orders.month_start,
        case when measured_orders.team = 'all' then 'all' else 'team' end as breakdown,
        'all' as topic,
        'all' as channel,
        measured_orders.team
    from measured_orders
    left join counted
        on
            measured_orders.company_id = counted.company_id
            and measured_orders.month_start = counted.month_start
            and measured_orders.team = counted.team
            and counted.breakdown in ('all', 'team')
    where counted.company_id is null
),

complete as (
    select
        company_id, month_start, breakdown, topic, channel, team,
        contacts, inbound_contacts, order_status_contacts, timed_contacts, minutes
    from counted
    union all
    select company_id, month_start, breakdown, topic, channel, team, 0, 0, 0, 0, 0
    from silent
)

select
    complete.company_id,
    complete.month_start,
    complete.breakdown,
    complete.topic,
    complete.channel,
    complete.team,
    cast(complete.contacts as bigint) as contacts,
    cast(complete.inbound_contacts as bigint) as inbound_contacts,
    cast(complete.timed_contacts as bigint) as timed_contacts,
    {{ money('coalesce(complete.minutes, 0)') }} as minutes,
    {{ ratio('complete.minutes', 'complete.timed_contacts') }} as average_minutes,
    cast(coalesce(measured_orders.entered_orders, 0) as bigint) as entered_orders,
    {{ ratio('100 * complete.contacts', 'coalesce(measured_orders.entered_orders, 0)') }} as contacts_per_100_orders,
    cast(complete.order_status_contacts as bigint) as order_status_contacts,
    {{ ratio('complete.order_status_contacts', 'complete.contacts') }} as order_status_share
from complete
left join measured_orders
    on
        complete.company_id = measured_orders.company_id
        and complete.month_start = measured_orders.month_start
        and complete.team = measured_orders.team

-- One row per as-of date, company, team and agent who has open work or capacity; work that nobody has stands under
-- `unknown` of its team.
with {{ timed_work() }},

capacity_span as (
    select
        {{ add_days(as_of_date(), 1) }} as first_date,
        {{ add_days(week_of(as_of_date()), 13) }} as last_date
    from {{ source('control', 'current_run') }}
),

{{ capacity_days() }},

employees as (
    select employee_id, team
    from {{ ref('dim_employee') }}
),

open_work as (
    select
        timed_work.company_id,
        case
            when timed_work.owner_id = 'unknown' or employees.team is null or employees.team = 'unknown' then timed_work.team
            else employees.team
        end as team,
        timed_work.owner_id as employee_id,
        count(*) as open_items,
        sum(case when timed_work.minutes is null then 1 else 0 end) as untimed_items,
        sum(coalesce(timed_work.minutes, 0)) as open_minutes,
        min(timed_work.arrived_on) as oldest_arrived_on
    from timed_work
    left join employees on timed_work.owner_id = employees.employee_id
    where timed_work.done_on is null and timed_work.withdrawn_on is null
    group by
        timed_work.company_id,
        case
            when timed_work.owner_id = 'unknown' or employees.team is null or employees.team = 'unknown' then timed_work.team
            else employees.team
        end,
        timed_work.owner_id
),

-- What is left of this week begins after the as-of date. Breaks and meetings are a share of the paid time of the span,
-- as in staffing_weekly: taken day by day, days of absence would need none.
capacity as (
    select
        company_id,
        team,
        employee_id,
        {%- for week, condition in [('this_week', '<='), ('next_week', '>')] %}
        greatest(
            coalesce(sum(case
                when date_day {{ condition }} {{ add_days(week_of(as_of_date()), 6) }}
                    then paid_minutes * (1 - {{ var('staffing_other_shrinkage') }}) - absent_minutes
            end), 0),
            0
        ) * {{ var('staffing_occupancy') }} as capacity_minutes_{{ week }}{{ ',' if not loop.last }}
        {%- endfor %}
    from capacity_days
    where paid_minutes is not null
    group by company_id, team, employee_id
),

balance as (
    select
        coalesce(capacity.company_id, open_work.company_id) as company_id,
        coalesce(capacity.team, open_work.team) as team,
        coalesce(capacity.employee_id, open_work.employee_id) as employee_id,
        coalesce(open_work.open_items, 0) as open_items,
        coalesce(open_work.untimed_items, 0) as untimed_items,
        coalesce(open_work.open_minutes, 0) as open_minutes,
        open_work.oldest_arrived_on,
        capacity.capacity_minutes_this_week,
        capacity.capacity_minutes_next_week
    from capacity
    full outer join open_work
        on
            capacity.company_id = open_work.company_id
            and capacity.team = open_work.team
            and capacity.employee_id = open_work.employee_id
)

select
    {{ as_of_date() }} as as_of_date,
    company_id,
    team,
    employee_id,
    cast(open_items as bigint) as open_items,
    cast(untimed_items as bigint) as untimed_items,
    cast(open_minutes as decimal(18, 2)) as open_minutes,
    oldest_arrived_on,
    cast(capacity_minutes_this_week as decimal(18, 2)) as capacity_minutes_this_week,
    cast(capacity_minutes_next_week as decimal(18, 2)) as capacity_minutes_next_week,
    {{ ratio('open_minutes', 'capacity_minutes_this_week + capacity_minutes_next_week') }} as load_share,
    cast(capacity_minutes_this_week - open_minutes as decimal(18, 2)) as spare_minutes_this_week,
    cast(capacity_minutes_this_week + capacity_minutes_next_week - open_minutes as decimal(18, 2)) as spare_minutes_both_weeks,
    open_minutes > capacity_minutes_this_week + capacity_minutes_next_week as is_overloaded,
    open_minutes < capacity_minutes_this_week as can_take_over
from balance

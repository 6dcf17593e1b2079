-- One row per as-of date, company and customer who decides, from his first order on: how long he has been
-- silent against his own habit. As-of dates are the run's own and every month end before it.
--
-- Time is counted on the customer's own clock: calendar days, or for seasonal buyers only the days of their
-- season, so that they are judged against the same season and never for being silent outside it.
{%- set months = range(1, 13) %}
with

as_of_dates as (

    select date_day as as_of_date, false as is_latest
    from {{ ref('dim_date') }}
    where is_month_end and date_day < {{ as_of_date() }}
    union
    select {{ as_of_date() }} as as_of_date, true as is_latest

),

order_days as (

    select * from {{ ref('int_customer_order_days') }}

),

customers as (

    select customer_id, customer_group_id, segment
    from {{ ref('dim_customer') }}

),

lifetimes as (

    select * from {{ ref('int_customer_lifetimes') }}

),

sales as (

    select
        lines.company_id,
        customers.customer_group_id as customer_id,
        lines.invoice_date,
        sum(lines.company_net_amount_excl_tax) as net_sales
    from {{ ref('fct_invoice_lines') }} as lines
    inner join customers on lines.sold_to_customer_id = customers.customer_id
    where lines.is_revenue
    group by 1, 2, 3

),

companies as (

    select dim_company.company_id, dim_company.currency_code, min(order_days.first_ordered_on) as history_starts_on
    from {{ ref('dim_company') }} as dim_company
    inner join order_days on dim_company.company_id = order_days.company_id
    group by 1, 2

),

-- A seasonal buyer's next order may be due a season after the one that comes, beyond all that is dated.
clock_span as (

    select min(date_day) as first_day, cast({{ dbt.dateadd('year', 2, as_of_date()) }} as date) as last_day
    from {{ ref('dim_date') }}

),

clock_days as (

    {{ days_of('clock_span', 'first_day', 'last_day', 'date_day') }}

),

-- Days of the season that begins with each month, counted since the first day of the calendar.
season_clock as (

    select
        seasons.first_month,
        clock_days.date_day,
        sum(
            case
                when mod(month(clock_days.date_day) - seasons.first_month + 12, 12) < {{ var('season_months') }} then 1
                else 0
            end
        ) over (
            partition by seasons.first_month order by clock_days.date_day
            rows between unbounded preceding and current row
        ) as season_day
    from clock_days
    cross join (
        {%- for month in months %}
        select {{ month }} as first_month{{ ' union all' if not loop.last }}
        {%- endfor %}
    ) as seasons

),

present as (

    select
        as_of_dates.as_of_date,
        as_of_dates.is_latest,
        last_days.company_id,
        last_days.customer_id,
        last_days.first_ordered_on,
        last_days.ordered_on as last_ordered_on,
        last_days.day_number as order_days
    from order_days as last_days
    inner join as_of_dates
        on
            last_days.ordered_on <= as_of_dates.as_of_date
            and (last_days.next_ordered_on is null or last_days.next_ordered_on > as_of_dates.as_of_date)

),

-- Habits are read from the last three years only: they change, and a month end costs the same in every year.
remembered as (

    select
        as_of_dates.as_of_date,
        order_days.company_id,
        order_days.customer_id,
        order_days.ordered_on,
        order_days.previous_ordered_on
    from order_days
    inner join as_of_dates
        on
            order_days.ordered_on <= as_of_dates.as_of_date
            and order_days.ordered_on > {{ add_days('as_of_dates.as_of_date', -(var('habit_days') | int)) }}

),

months_ordered as (

    select
        as_of_date,
        company_id,
        customer_id,
        count(*) as days
        {%- for month in months %},
        sum(case when month(ordered_on) = {{ month }} then 1 else 0 end) as month_{{ month }}
        {%- endfor %}
    from remembered
    group by 1, 2, 3
    -- A year at least between the first and the last: one season alone is only a start.
    having
        count(*) >= {{ var('season_minimum_orders') }}
        and {{ days_between('min(ordered_on)', 'max(ordered_on)') }} >= 365

),

season_days as (

    select
        as_of_date,
        company_id,
        customer_id,
        days
        {%- for first in months %},
        {% for step in range(var('season_months') | int) %}month_{{ (first + step - 1) % 12 + 1 }}{{ ' + ' if not loop.last }}{% endfor %} as from_{{ first }}
        {%- endfor %}
    from months_ordered

),

best_seasons as (

    select
        *,
        greatest({% for month in months %}from_{{ month }}{{ ', ' if not loop.last }}{% endfor %}) as best
    from season_days

),

seasonal as (

    select
        as_of_date,
        company_id,
        customer_id,
        case
            {%- for month in months %}
            when from_{{ month }} = best then {{ month }}
            {%- endfor %}
        end as first_month
    from best_seasons
    where best >= days * {{ var('season_share') }}

),

-- Between two orders, on the customer's own clock.
intervals as (

    select
        remembered.as_of_date,
        remembered.company_id,
        remembered.customer_id,
        case
            when seasonal.first_month is null
                then {{ days_between('remembered.previous_ordered_on', 'remembered.ordered_on') }}
            else this_clock.season_day - previous_clock.season_day
        end as interval_days
    from remembered
    left join seasonal
        on
            remembered.as_of_date = seasonal.as_of_date
            and remembered.company_id = seasonal.company_id
            and remembered.customer_id = seasonal.customer_id
    left join season_clock as this_clock
        on seasonal.first_month = this_clock.first_month and remembered.ordered_on = this_clock.date_day
    left join season_clock as previous_clock
        on seasonal.first_month = previous_clock.first_month and remembered.previous_ordered_on = previous_clock.date_day
    where remembered.previous_ordered_on is not null

),

own_habits as (

    select
        as_of_date,
        company_id,
        customer_id,
        count(*) as interval_count,
        {{ percentile('interval_days', 0.5) }} as median_days,
        {{ percentile('interval_days', 0.9) }} as p90_days
    from intervals
    group by 1, 2, 3

),

known as (

    select
        present.*,
        customers.segment,
        companies.currency_code,
        seasonal.first_month as season_first_month,
        companies.history_starts_on,
        coalesce(own_habits.interval_count, 0) as interval_count,
        own_habits.median_days as own_median_days,
        own_habits.p90_days as own_p90_days,
        coalesce(own_habits.interval_count >= {{ var('habit_minimum_intervals') }}, false) as has_own_habit,
        case
            when seasonal.first_month is null
                then {{ days_between('present.last_ordered_on', 'present.as_of_date') }}
            else now_clock.season_day - last_clock.season_day
        end as silent_days,
        last_clock.season_day as last_season_day
    from present
    inner join companies on present.company_id = companies.company_id
    inner join customers on present.customer_id = customers.customer_id
    left join own_habits
        on
            present.as_of_date = own_habits.as_of_date
            and present.company_id = own_habits.company_id
            and present.customer_id = own_habits.customer_id
    left join seasonal
        on
            present.as_of_date = seasonal.as_of_date
            and present.company_id = seasonal.company_id
            and present.customer_id = seasonal.customer_id
    left join season_clock as now_clock
        on seasonal.first_month = now_clock.first_month and present.as_of_date = now_clock.date_day
    left join season_clock as last_clock
        on seasonal.first_month = last_clock.first_month and present.last_ordered_on = last_clock.date_day

),

-- Each customer with a habit counts once in his segment's, however often he orders.
segment_habits as (

    select
        as_of_date,
        company_id,
        segment,
        {{ percentile('own_median_days', 0.5) }} as median_days,
        {{ percentile('own_p90_days', 0.5) }} as p90_days
    from known
    where has_own_habit and season_first_month is null
    group by 1, 2, 3

),

company_habits as (

    select
        as_of_date,
        company_id,
        {{ percentile('own_median_days', 0.5) }} as median_days,
        {{ percentile('own_p90_days', 0.5) }} as p90_days
    from known
    where has_own_habit and season_first_month is null
    group by 1, 2

),

habits as (

    select
        known.*,
        case
            when known.has_own_habit then 'own'
            when segment_habits.median_days is not null then 'segment'
            when company_habits.median_days is not null then 'company'
            else 'none'
        end as habit_basis,
        case
            when known.has_own_habit then known.own_median_days
            else coalesce(segment_habits.median_days, company_habits.median_days)
        end as median_days,
        case
            when known.has_own_habit then known.own_p90_days
            when segment_habits.median_days is not null then segment_habits.p90_days
            else company_habits.p90_days
        end as p90_days,
        -- For a seasonal buyer the cap is the same share of his seasons.
        cast(
            {{ var('lost_after_days') }} * case when known.season_first_month is null then 1 else {{ var('season_months') }} / 12.0 end
            as decimal(18, 2)
        ) as lost_after_days
    from known
    left join segment_habits
        on
            known.as_of_date = segment_habits.as_of_date
            and known.company_id = segment_habits.company_id
            and known.segment = segment_habits.segment
    left join company_habits
        on known.as_of_date = company_habits.as_of_date and known.company_id = company_habits.company_id

),

-- Where nobody has a habit yet, there are no limits: `greatest` and `least` would pass over what is empty.
floored as (

    select
        *,
        case
            when habit_basis <> 'none' then cast(greatest(median_days, {{ var('habit_floor_days') }}) as decimal(18, 2))
        end as habit_days
    from habits

),

-- Nobody is dormant later than lost: a habit slower than the cap is cut off at it.
limits as (

    select
        *,
        case
            when habit_basis <> 'none'
                then least(greatest(1.5 * habit_days, cast(p90_days as decimal(18, 2))), lost_after_days)
        end as at_risk_after_days
    from floored

),

thresholds as (

    select
        *,
        case
            when habit_basis <> 'none' then least(greatest(3 * habit_days, at_risk_after_days), lost_after_days)
        end as dormant_after_days
    from limits

),

-- A return is judged by the limits that were known at the month end before it.
returns as (

    select
        order_days.company_id,
        order_days.customer_id,
        order_days.ordered_on as won_back_on,
        thresholds.dormant_after_days,
        coalesce(
            this_clock.season_day - previous_clock.season_day,
            {{ days_between('order_days.previous_ordered_on', 'order_days.ordered_on') }}
        ) as away_days
    from order_days
    inner join thresholds
        on
            order_days.company_id = thresholds.company_id
            and order_days.customer_id = thresholds.customer_id
            and {{ add_days(month_of('order_days.ordered_on'), -1) }} = thresholds.as_of_date
    left join season_clock as this_clock
        on thresholds.season_first_month = this_clock.first_month and order_days.ordered_on = this_clock.date_day
    left join season_clock as previous_clock
        on
            thresholds.season_first_month = previous_clock.first_month
            and order_days.previous_ordered_on = previous_clock.date_day

),

-- He counts as won back for as long as he had been away: a short silence is soon forgotten. Of several
-- returns the one after the longest absence is told.
returns_in_force as (

    select as_of_date, company_id, customer_id, won_back_on, away_days
    from (
        select
            thresholds.as_of_date,
            thresholds.company_id,
            thresholds.customer_id,
            returns.won_back_on,
            returns.away_days,
            row_number() over (
                partition by thresholds.as_of_date, thresholds.company_id, thresholds.customer_id
                order by returns.away_days desc, returns.won_back_on desc
            ) as preference
        from thresholds
        inner join returns
            on
                thresholds.company_id = returns.company_id
                and thresholds.customer_id = returns.customer_id
                and thresholds.as_of_date >= returns.won_back_on
                and {{ days_between('returns.won_back_on', 'thresholds.as_of_date') }} < least(returns.away_days, {{ var('won_back_days') }})
        where returns.away_days > returns.dormant_after_days
    ) as ranked
    where preference = 1

),

recent_sales as (

    select
        as_of_dates.as_of_date,
        sales.company_id,
        sales.customer_id,
        sum(sales.net_sales) as net_sales
    from sales
    inner join as_of_dates
        on
            sales.invoice_date <= as_of_dates.as_of_date
            and sales.invoice_date > cast({{ dbt.dateadd('month', -12, 'as_of_dates.as_of_date') }} as date)
    group by 1, 2, 3

),

-- The next order: one habit after the last, on the customer's own clock.
seasonal_next_orders as (

    select
        thresholds.as_of_date,
        thresholds.company_id,
        thresholds.customer_id,
        min(season_clock.date_day) as expected_on
    from thresholds
    inner join season_clock
        on
            thresholds.season_first_month = season_clock.first_month
            and season_clock.season_day >= thresholds.last_season_day + thresholds.habit_days
    group by 1, 2, 3

),

judged as (

    select
        thresholds.*,
        returns_in_force.won_back_on,
        returns_in_force.away_days,
        coalesce(recent_sales.net_sales, 0) as net_sales,
        case
            when thresholds.season_first_month is not null then seasonal_next_orders.expected_on
            else {{ add_days('thresholds.last_ordered_on', 'cast(round(thresholds.habit_days, 0) as integer)') }}
        end as expected_on,
        thresholds.first_ordered_on >= {{ add_days('thresholds.history_starts_on', var('new_customer_days') | int) }} as is_first_order_known,
        case
            when thresholds.habit_basis = 'none' and thresholds.silent_days <= thresholds.lost_after_days then 'unknown'
            when thresholds.silent_days > thresholds.lost_after_days then 'lost'
            when thresholds.silent_days > thresholds.dormant_after_days then 'dormant'
            when thresholds.silent_days > thresholds.at_risk_after_days then 'at_risk'
            when returns_in_force.won_back_on is not null then 'won_back'
            when
                {{ days_between('thresholds.first_ordered_on', 'thresholds.as_of_date') }} < {{ var('new_customer_days') }}
                and thresholds.first_ordered_on >= {{ add_days('thresholds.history_starts_on', var('new_customer_days') | int) }}
                then 'new'
            else 'regular'
        end as activity_status
    from thresholds
    left join returns_in_force
        on
            thresholds.as_of_date = returns_in_force.as_of_date
            and thresholds.company_id = returns_in_force.company_id
            and thresholds.customer_id = returns_in_force.customer_id
    left join recent_sales
        on
            thresholds.as_of_date = recent_sales.as_of_date
            and thresholds.company_id = recent_sales.company_id
            and thresholds.customer_id = recent_sales.customer_id
    left join seasonal_next_orders
        on
            thresholds.as_of_date = seasonal_next_orders.as_of_date
            and thresholds.company_id = seasonal_next_orders.company_id
            and thresholds.customer_id = seasonal_next_orders.customer_id

),

alive as (

    select
        judged.*,
        -- A steady rate all year is what the model supposes.
        case
            when judged.is_latest and judged.season_first_month is null
                then cast(lifetimes.probability_alive as decimal(18, 6))
        end as probability_alive
    from judged
    left join lifetimes on judged.company_id = lifetimes.company_id and judged.customer_id = lifetimes.customer_id

)

select
    as_of_date,
    is_latest,
    company_id,
    customer_id,
    segment,
    activity_status,
    cast(order_days as bigint) as order_days,
    order_days = 1 as is_one_time_buyer,
    first_ordered_on,
    is_first_order_known,
    last_ordered_on,
    {{ days_between('last_ordered_on', 'as_of_date') }} as days_since_last_order,
    season_first_month is not null as is_seasonal,
    cast(season_first_month as bigint) as season_first_month,
    habit_basis,
    cast(interval_count as bigint) as interval_count,
    cast(median_days as decimal(18, 2)) as median_interval_days,
    cast(p90_days as decimal(18, 2)) as p90_interval_days,
    habit_days as habit_interval_days,
    cast(silent_days as bigint) as silent_days,
    cast(at_risk_after_days as decimal(18, 2)) as at_risk_after_days,
    cast(dormant_after_days as decimal(18, 2)) as dormant_after_days,
    lost_after_days,
    won_back_on,
    cast(away_days as bigint) as away_days,
    case when activity_status <> 'lost' then expected_on end as next_order_expected_on,
    currency_code,
    {{ money('net_sales') }} as net_sales_12_months_excl_tax,
    probability_alive,
    {{ money('round(cast(greatest(net_sales, 0) as decimal(19, 4)) * cast(1 - probability_alive as decimal(18, 6)), 4)') }}
        as sales_at_stake_excl_tax
from alive

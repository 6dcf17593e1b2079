-- One row per order line that was open at the end of a Monday of the last months, or of the as-of
-- date, and that day: when it was expected to leave, by the rule and the knowledge of that day.
--
-- The rule: a promise that is not past is kept. Past it, or without one, the line takes as long from
-- the day on as lines in the same plight took before: the median over the weeks before of the days
-- from such a Monday to the delivery, of lines delivered by then, equally late, of the same site and range;
-- of the same site, then of the company where there are too few of them.
{%- set backtest_months = var('expected_date_backtest_months') | int %}
{%- set window_days = 7 * (var('expected_date_window_weeks') | int) %}
{%- set minimum_cases = var('expected_date_minimum_cases') | int %}
with open_lines as (
    select
        movement.company_id,
        movement.order_line_id,
        movement.order_id,
        movement.site,
        movement.occurred_on,
        movement.next_occurred_on,
        movement.due_date as promised_date,
        product.product_range,
        company.calendar_code,
        lines.last_shipped_date,
        lines.cancelled_date,
        lines.is_closed,
        lines.open_quantity
    from {{ ref('int_order_book_movements') }} as movement
    inner join {{ ref('dim_company') }} as company on movement.company_id = company.company_id
    inner join {{ ref('dim_product') }} as product on movement.product_id = product.product_id
    inner join {{ ref('fct_order_lines') }} as lines on movement.order_line_id = lines.order_line_id
    where movement.book = 'to_deliver' and movement.document_type = 'order' and movement.open_quantity > 0
),

days as (
    select calendar_code, date_day
    from {{ ref('dim_date') }}
    where
        date_day = {{ as_of_date() }}
        or (
            day_of_week = 1
            and date_day < {{ as_of_date() }}
            and date_day >= {{ add_days('cast(' ~ dbt.dateadd('month', -backtest_months, as_of_date()) ~ ' as date)', -window_days) }}
        )
),

-- The state at the day's end, as the order book has it.
states as (
    select
        open_lines.company_id,
        open_lines.order_line_id,
        open_lines.order_id,
        open_lines.site,
        open_lines.product_range,
        days.date_day,
        open_lines.promised_date,
        case when open_lines.open_quantity = 0 and open_lines.cancelled_date is null then open_lines.last_shipped_date end as delivered_on,
        open_lines.open_quantity = 0 and (open_lines.cancelled_date is not null or open_lines.last_shipped_date is null) as is_given_up,
        case
            when open_lines.promised_date is null then 'unpromised'
            when open_lines.promised_date >= days.date_day then 'ahead'
            when {{ days_between('open_lines.promised_date', 'days.date_day') }} <= 3 then 'late_1_3'
            when {{ days_between('open_lines.promised_date', 'days.date_day') }} <= 7 then 'late_4_7'
            when {{ days_between('open_lines.promised_date', 'days.date_day') }} <= 14 then 'late_8_14'
            else 'late_15'
        end as plight
    from open_lines
    inner join days
        on
            open_lines.calendar_code = days.calendar_code
            and open_lines.occurred_on <= days.date_day
            and (open_lines.next_occurred_on is null or open_lines.next_occurred_on > days.date_day)
),

observations as (
    select
        company_id,
        site,
        product_range,
        plight,
        date_day,
        delivered_on,
        {{ days_between('date_day', 'delivered_on') }} as days_to_delivery
    from states
    where plight <> 'ahead' and delivered_on > date_day
),

-- Days for which an expectation is needed: what had been seen by each of them.
asked as (
    select distinct company_id, plight, date_day
    from states
    where plight <> 'ahead'
),

seen as (
    select
        asked.date_day,
        observations.company_id,
        observations.plight,
        observations.site,
        observations.product_range,
        observations.days_to_delivery
    from asked
    inner join observations
        on
            asked.company_id = observations.company_id
            and asked.plight = observations.plight
            and observations.date_day >= {{ add_days('asked.date_day', -window_days) }}
            and observations.delivered_on <= asked.date_day
),

{%- set levels = [('range', ['site', 'product_range']), ('site', ['site']), ('company', [])] %}
{%- for level, columns in levels %}
{{ level }}_habits as (
    select
        {{ (['company_id', 'plight', 'date_day'] + columns) | join(', ') }},
        count(*) as cases,
        {{ percentile('days_to_delivery', 0.5) }} as median_days
    from seen
    group by {{ (['company_id', 'plight', 'date_day'] + columns) | join(', ') }}
    having count(*) >= {{ minimum_cases }}
),
{%- endfor %}

expected as (
    select
        states.*,
        cast(ceil(coalesce(range_habits.median_days, site_habits.median_days, company_habits.median_days)) as bigint) as usual_days,
        coalesce(range_habits.cases, site_habits.cases, company_habits.cases) as usual_cases
    from states
    {%- for level, columns in levels %}
    left join {{ level }}_habits
        on
            {%- for column in ['company_id', 'plight', 'date_day'] + columns %}
            states.{{ column }} = {{ level }}_habits.{{ column }}{{ ' and' if not loop.last }}
            {%- endfor %}
    {%- endfor %}
)

select
    order_line_id,
    date_day as known_on,
    order_id,
    company_id,
    site,
    product_range,
    promised_date,
    case when plight = 'ahead' then promised_date else {{ add_days('date_day', 'usual_days') }} end as expected_date,
    case when plight = 'ahead' then 'promise' when usual_days is not null then 'usual_delay' else 'unknown' end as expected_date_rule,
    case when plight <> 'ahead' then cast(usual_cases as bigint) end as usual_cases,
    delivered_on,
    is_given_up
from expected

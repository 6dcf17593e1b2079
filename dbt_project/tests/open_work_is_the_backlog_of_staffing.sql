-- What the agents have open, counted piece by piece, is what staffing carries over from week to week.
with

balance as (

    select company_id, sum(open_items) as items, sum(open_minutes) as minutes
    from {{ ref('workload_balance') }}
    group by company_id

),

staffing as (

    select company_id, sum(closing_units) as items, sum(closing_minutes) as minutes
    from {{ ref('staffing_weekly') }}
    where breakdown = 'team' and not is_forecast and week_start = {{ week_of(as_of_date()) }}
    group by company_id

)

select company_id, sum(items) as items_missing, sum(minutes) as minutes_missing
from (
    select company_id, items, minutes from balance
    union all
    select company_id, -items, -minutes from staffing
) as both_sides
group by company_id
having sum(items) <> 0 or abs(sum(minutes)) > 0.05

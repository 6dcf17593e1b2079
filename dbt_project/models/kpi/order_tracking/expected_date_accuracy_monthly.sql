-- One row per company, month and rule: how far the dates expected on the month's Mondays were from
-- what came true. Every Monday on which a line was open is a case.
with cases as (
    select
        company_id,
        {{ month_of('known_on') }} as month_start,
        expected_date_rule,
        delivered_on,
        is_given_up,
        expected_date,
        case when expected_date is not null then {{ days_between('expected_date', 'delivered_on') }} end as days_off
    from {{ ref('int_expected_dates') }}
    where
        known_on < {{ as_of_date() }}
        and known_on >= cast({{ dbt.dateadd('month', -(var('expected_date_backtest_months') | int), as_of_date()) }} as date)
)

select
    company_id,
    month_start,
    expected_date_rule,
    cast(count(*) as bigint) as cases,
    cast(sum(case when is_given_up then 1 else 0 end) as bigint) as given_up_cases,
    cast(sum(case when not is_given_up and delivered_on is null then 1 else 0 end) as bigint) as undelivered_cases,
    cast(count(days_off) as bigint) as judged_cases,
    cast(coalesce(sum(abs(days_off)), 0) as bigint) as total_absolute_error_days,
    cast(coalesce(sum(days_off), 0) as bigint) as total_error_days,
    {{ ratio('sum(abs(days_off))', 'count(days_off)') }} as mean_absolute_error_days,
    cast({{ percentile('abs(days_off)', 0.5) }} as decimal(18, 2)) as median_absolute_error_days,
    cast(sum(case when abs(days_off) <= 1 then 1 else 0 end) as bigint) as cases_within_1_day,
    cast(sum(case when abs(days_off) <= 3 then 1 else 0 end) as bigint) as cases_within_3_days,
    {{ ratio('sum(case when abs(days_off) <= 1 then 1 else 0 end)', 'count(days_off)') }} as share_within_1_day,
    {{ ratio('sum(case when abs(days_off) <= 3 then 1 else 0 end)', 'count(days_off)') }} as share_within_3_days
from cases
group by company_id, month_start, expected_date_rule

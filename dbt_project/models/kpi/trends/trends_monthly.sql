-- One row per month, company and measure since the measure's first month.
with

series as (

    select * from {{ ref('int_monthly_series') }}
    where member = 'all'

),

statistics as (

    select * from {{ ref('int_monthly_series_statistics') }}
    where member = 'all'

),

companies as (

    select company_id, currency_code
    from {{ ref('dim_company') }}

),

-- Only whole months are compared: the first of a history and the running one would look like falls.
compared as (

    select
        this_year.*,
        case when this_year.is_whole_month then last_year.value end as last_year_value
    from series as this_year
    left join series as last_year
        on
            this_year.company_id = last_year.company_id
            and this_year.measure = last_year.measure
            and this_year.month_start = cast({{ dbt.dateadd('month', 12, 'last_year.month_start') }} as date)
            and last_year.is_whole_month

)

select
    compared.month_start,
    compared.company_id,
    compared.measure,
    case when compared.measure like '%excl_tax' then companies.currency_code else 'count' end as unit,
    compared.is_whole_month,
    compared.value,
    compared.last_year_value,
    {{ money('compared.value - compared.last_year_value') }} as year_on_year_change,
    {{ ratio('compared.value - compared.last_year_value', 'compared.last_year_value') }} as year_on_year_rate,
    {{ money('round(statistics.seasonally_adjusted, 4)') }} as seasonally_adjusted_value,
    {{ money('round(statistics.trend, 4)') }} as trend_value,
    {{ money('round(statistics.slope_per_month, 4)') }} as slope_per_month,
    cast(statistics.slope_p_value as decimal(18, 6)) as slope_p_value,
    cast(coalesce(statistics.slope_months, 0) as bigint) as slope_months
from compared
inner join companies on compared.company_id = companies.company_id
left join statistics
    on
        compared.company_id = statistics.company_id
        and compared.measure = statistics.measure
        and compared.month_start = statistics.month_start

-- One row per day, whatever the calendar: the time axis of tools that want each day once.
select distinct
    date_day,
    calendar_year,
    quarter_of_year,
    month_of_year,
    day_of_month,
    month_start,
    is_month_end,
    iso_year,
    iso_week,
    week_start,
    day_of_week,
    is_past
from {{ ref('dim_date') }}

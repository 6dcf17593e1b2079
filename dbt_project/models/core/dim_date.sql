-- One row per business calendar and day, over all days that a document, payment or claim names.
with holidays as (
    select calendar_code, cast(holiday_date as date) as holiday_date, holiday_name
    from {{ ref('public_holidays') }}
),

-- A calendar without opening hours of its own keeps the default ones.
calendars as (
    select
        company.calendar_code,
        coalesce(max(own.calendar_code), 'default') as hours_code
    from {{ ref('dim_company') }} as company
    left join {{ ref('opening_hours') }} as own on company.calendar_code = own.calendar_code
    group by company.calendar_code
),

span as (
    select * from {{ ref('int_date_span') }}
),

days as (
    {{ days_of('span', 'first_date', 'last_date', 'date_day') }}
),

hours as (
    select
        calendars.calendar_code,
        opening_hours.day_of_week,
        sum({{ minute_of_day('opening_hours.closes_at') }} - {{ minute_of_day('opening_hours.opens_at') }}) as opening_minutes
    from calendars
    inner join {{ ref('opening_hours') }} as opening_hours
        on calendars.hours_code = opening_hours.calendar_code
    group by calendars.calendar_code, opening_hours.day_of_week
),

calendar_days as (
    select
        calendars.calendar_code,
        days.date_day,
        {{ day_of_week('days.date_day') }} as day_of_week,
        holidays.holiday_name
    from calendars
    cross join days
    left join holidays
        on calendars.calendar_code = holidays.calendar_code and days.date_day = holidays.holiday_date
),

working as (
    select
        calendar_days.*,
        case when calendar_days.holiday_name is null then coalesce(hours.opening_minutes, 0) else 0 end as working_minutes
    from calendar_days
    left join hours
        on
            calendar_days.calendar_code = hours.calendar_code
            and calendar_days.day_of_week = hours.day_of_week
)

select
    calendar_code || '/' || cast(date_day as {{ dbt.type_string() }}) as date_id,
    calendar_code,
    date_day,
    cast(extract(year from date_day) as bigint) as calendar_year,
    cast(extract(quarter from date_day) as bigint) as quarter_of_year,
    cast(extract(month from date_day) as bigint) as month_of_year,
    cast(extract(day from date_day) as bigint) as day_of_month,
    {{ month_of('date_day') }} as month_start,
    {{ month_of('date_day') }} <> {{ month_of(add_days('date_day', 1)) }} as is_month_end,
    cast(extract(year from {{ add_days('date_day', '4 - day_of_week') }}) as bigint) as iso_year,
    cast(extract(week from date_day) as bigint) as iso_week,
    {{ add_days('date_day', '1 - day_of_week') }} as week_start,
    cast(day_of_week as bigint) as day_of_week,
    holiday_name,
    holiday_name is not null as is_public_holiday,
    working_minutes > 0 as is_working_day,
    cast(working_minutes as bigint) as working_minutes,
    cast(
        sum(working_minutes) over (
            partition by calendar_code order by date_day
            rows between unbounded preceding and current row
        ) - working_minutes as bigint
    ) as working_minutes_before,
    cast(
        sum(case when working_minutes > 0 then 1 else 0 end) over (
            partition by calendar_code order by date_day
            rows between unbounded preceding and current row
        ) as bigint
    ) as working_day_number,
    date_day <= {{ as_of_date() }} as is_past
from working

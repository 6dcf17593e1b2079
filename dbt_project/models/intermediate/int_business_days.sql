-- One row per company and day up to the as-of date: when its offices were open, as UTC instants.
-- A closed interval opens and closes at the start of the day, so that it lasts nothing.
with companies as (
    select
        company.company_id,
        company.calendar_code,
        company.time_zone,
        coalesce(max(own.calendar_code), 'default') as hours_code
    from {{ ref('dim_company') }} as company
    left join {{ ref('opening_hours') }} as own on company.calendar_code = own.calendar_code
    group by company.company_id, company.calendar_code, company.time_zone
),

days as (
    select calendar_code, date_day, day_of_week, is_public_holiday
    from {{ ref('dim_date') }}
    -- One day more: the as-of date ends in it, in UTC.
    where date_day <= {{ add_days(as_of_date(), 1) }}
),

intervals as (
    select
        calendar_code,
        day_of_week,
        {{ minute_of_day('opens_at') }} as opens_at,
        {{ minute_of_day('closes_at') }} as closes_at,
        row_number() over (partition by calendar_code, day_of_week order by opens_at) as position
    from {{ ref('opening_hours') }}
),

hours as (
    select
        calendar_code,
        day_of_week,
        max(case when position = 1 then opens_at end) as first_opens_at,
        max(case when position = 1 then closes_at end) as first_closes_at,
        max(case when position = 2 then opens_at end) as second_opens_at,
        max(case when position = 2 then closes_at end) as second_closes_at
    from intervals
    group by calendar_code, day_of_week
),

company_days as (
    select
        companies.company_id,
        companies.time_zone,
        days.date_day,
        case when days.is_public_holiday then 0 else coalesce(hours.first_opens_at, 0) end as first_opens_at,
        case when days.is_public_holiday then 0 else coalesce(hours.first_closes_at, 0) end as first_closes_at,
        case when days.is_public_holiday then 0 else coalesce(hours.second_opens_at, 0) end as second_opens_at,
        case when days.is_public_holiday then 0 else coalesce(hours.second_closes_at, 0) end as second_closes_at
    from companies
    inner join days on companies.calendar_code = days.calendar_code
    left join hours
        on
            companies.hours_code = hours.calendar_code
            and days.day_of_week = hours.day_of_week
),

instants as (
    select
        company_id,
        date_day,
        {%- for edge in ['first_opens_at', 'first_closes_at', 'second_opens_at', 'second_closes_at'] %}
        {{ utc_instant(minutes_into('date_day', edge), 'time_zone') }} as {{ edge }}{{ ',' if not loop.last }}
        {%- endfor %}
    from company_days
),

lengths as (
    select
        *,
        {{ seconds_between('first_opens_at', 'first_closes_at') }}
        + {{ seconds_between('second_opens_at', 'second_closes_at') }} as open_seconds
    from instants
)

select
    company_id,
    date_day,
    first_opens_at,
    first_closes_at,
    second_opens_at,
    second_closes_at,
    cast(open_seconds as bigint) as open_seconds,
    cast(
        sum(open_seconds) over (
            partition by company_id order by date_day
            rows between unbounded preceding and current row
        ) - open_seconds as bigint
    ) as open_seconds_before
from lengths

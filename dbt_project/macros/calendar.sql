{#
    Business time. Opening hours are wall-clock times per calendar and weekday (seed
    `opening_hours`, one row per interval, at most two a day); public holidays close the whole day.

    Durations are measured between UTC instants, so that the night when the clocks change counts
    what it really lasted: a calendar open round the clock gives calendar minutes.
#}

{# Minutes past midnight of a text HH:MM; 24:00 is the end of the day. #}
{% macro minute_of_day(clock) -%}
    (cast(substr({{ clock }}, 1, 2) as integer) * 60 + cast(substr({{ clock }}, 4, 2) as integer))
{%- endmacro %}

{# ISO day of the week, 1 Monday to 7 Sunday, counted from a Monday. #}
{% macro day_of_week(day) -%}
    cast(mod({{ days_between("cast('1900-01-01' as date)", day) }}, 7) + 1 as integer)
{%- endmacro %}

{#
    Seconds that the company was open on the day before the instant; `day` is the alias of the
    joined row of int_business_days.
#}
{% macro open_seconds_until(day, instant) -%}
    (
        greatest({{ seconds_between(day ~ '.first_opens_at', 'least(' ~ instant ~ ', ' ~ day ~ '.first_closes_at)') }}, 0)
        + greatest({{ seconds_between(day ~ '.second_opens_at', 'least(' ~ instant ~ ', ' ~ day ~ '.second_closes_at)') }}, 0)
    )
{%- endmacro %}

{#
    Working minutes from one UTC instant to a later one, NULL when either is unknown, 0 when the
    end comes first. `start_day` and `end_day` are the aliases of int_business_days joined on the
    company and the local date of each instant (see `business_day_joins`).
#}
{% macro working_minutes(start_day, start_at, end_day, end_at) -%}
    {%- set open_seconds -%}
        {{ end_day }}.open_seconds_before + {{ open_seconds_until(end_day, end_at) }}
        - {{ start_day }}.open_seconds_before - {{ open_seconds_until(start_day, start_at) }}
    {%- endset -%}
    {#- `greatest` would take the 0 where an end is unknown. -#}
    cast(
        case
            when {{ open_seconds }} > 0 then ({{ open_seconds }}) / 60.0
            when {{ open_seconds }} <= 0 then 0
        end as decimal(18, 2)
    )
{%- endmacro %}

{# The join of int_business_days for one instant, under the alias that `working_minutes` is given. #}
{% macro join_business_day(alias, company_id, instant, time_zone) -%}
    left join {{ ref('int_business_days') }} as {{ alias }}
        on
            {{ alias }}.company_id = {{ company_id }}
            and {{ alias }}.date_day = {{ local_date(instant, time_zone) }}
{%- endmacro %}

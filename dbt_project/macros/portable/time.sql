{#
    Time in a company's own zone. Event times are UTC without zone; engines differ only in how
    they name the conversion.
#}

{#
    Zones that have kept the same time as Paris since 1985. DuckDB converts to a zone that is the
    same for all rows six times as fast as to one that differs from row to row.
#}
{% macro central_european_zones() -%}
    (
        'Europe/Paris', 'Europe/Rome', 'Europe/Brussels', 'Europe/Zurich',
        'Europe/Luxembourg', 'Europe/Madrid', 'Europe/Berlin'
    )
{%- endmacro %}

{# Wall-clock time of a UTC instant in an IANA time zone. #}
{% macro local_time(instant, time_zone) -%}
    {{ return(adapter.dispatch('local_time', 'adv')(instant, time_zone)) }}
{%- endmacro %}

{% macro default__local_time(instant, time_zone) -%}
    case
        when {{ time_zone }} in {{ central_european_zones() }} then timezone('Europe/Paris', timezone('UTC', {{ instant }}))
        else timezone({{ time_zone }}, timezone('UTC', {{ instant }}))
    end
{%- endmacro %}

{# Not `from_utc_timestamp`, which gives an instant with a zone: the contract has none. #}
{% macro spark__local_time(instant, time_zone) -%}
    convert_timezone('UTC', {{ time_zone }}, {{ instant }})
{%- endmacro %}

{# UTC instant of a wall-clock time in an IANA time zone. #}
{% macro utc_instant(wall_clock, time_zone) -%}
    {{ return(adapter.dispatch('utc_instant', 'adv')(wall_clock, time_zone)) }}
{%- endmacro %}

{% macro default__utc_instant(wall_clock, time_zone) -%}
    case
        when {{ time_zone }} in {{ central_european_zones() }} then timezone('UTC', timezone('Europe/Paris', {{ wall_clock }}))
        else timezone('UTC', timezone({{ time_zone }}, {{ wall_clock }}))
    end
{%- endmacro %}

{% macro spark__utc_instant(wall_clock, time_zone) -%}
    convert_timezone({{ time_zone }}, 'UTC', {{ wall_clock }})
{%- endmacro %}

{# Seconds from one instant to another, negative when the second comes first. #}
{% macro seconds_between(start_at, end_at) -%}
    {{ return(adapter.dispatch('seconds_between', 'adv')(start_at, end_at)) }}
{%- endmacro %}

{% macro default__seconds_between(start_at, end_at) -%}
    date_diff('second', {{ start_at }}, {{ end_at }})
{%- endmacro %}

{% macro spark__seconds_between(start_at, end_at) -%}
    (unix_timestamp({{ end_at }}) - unix_timestamp({{ start_at }}))
{%- endmacro %}

{# First day of the date's month. #}
{% macro month_of(day) -%}
    cast({{ dbt.date_trunc('month', day) }} as date)
{%- endmacro %}

{#
    One row per day from `first_day` to `last_day`, columns of the one-row-per-range relation
    `ranges`, as column `name`.
#}
{% macro days_of(ranges, first_day, last_day, name) -%}
    {{ return(adapter.dispatch('days_of', 'adv')(ranges, first_day, last_day, name)) }}
{%- endmacro %}

{% macro default__days_of(ranges, first_day, last_day, name) -%}
    select cast(unnest(generate_series(
        cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval 1 day
    )) as date) as {{ name }}
    from {{ ranges }}
{%- endmacro %}

{% macro spark__days_of(ranges, first_day, last_day, name) -%}
    select explode(sequence({{ first_day }}, {{ last_day }}, interval 1 day)) as {{ name }}
    from {{ ranges }}
{%- endmacro %}

{# Wall-clock time some minutes into a day; 1440 is the next midnight. #}
{% macro minutes_into(day, minutes) -%}
    {{ return(adapter.dispatch('minutes_into', 'adv')(day, minutes)) }}
{%- endmacro %}

{% macro default__minutes_into(day, minutes) -%}
    (cast({{ day }} as timestamp) + {{ minutes }} * interval 1 minute)
{%- endmacro %}

{% macro spark__minutes_into(day, minutes) -%}
    (cast({{ day }} as timestamp) + make_dt_interval(0, 0, {{ minutes }}, 0))
{%- endmacro %}

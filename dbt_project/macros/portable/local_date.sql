{# The business date of a UTC instant in a time zone given as SQL (an IANA name). #}
{% macro local_date(instant, time_zone) -%}
    {{ adapter.dispatch('local_date')(instant, time_zone) }}
{%- endmacro %}

{# DuckDB: read the naive instant as UTC, then write it in the zone. #}
{% macro default__local_date(instant, time_zone) -%}
    cast(timezone({{ time_zone }}, timezone('UTC', {{ instant }})) as date)
{%- endmacro %}

{% macro spark__local_date(instant, time_zone) -%}
    to_date(from_utc_timestamp({{ instant }}, {{ time_zone }}))
{%- endmacro %}

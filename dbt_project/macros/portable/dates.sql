{# Date arithmetic in whole days, which every engine spells its own way; the result is a date or a whole number. #}

{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    cast({{ date }} + ({{ days }}) as date)
{%- endmacro %}

{# DuckDB adds integers of 32 bits only to a date. #}
{% macro duckdb__add_days(date, days) -%}
    cast({{ date }} + cast({{ days }} as integer) as date)
{%- endmacro %}

{% macro spark__add_days(date, days) -%}
    date_add({{ date }}, cast({{ days }} as int))
{%- endmacro %}

{# Days from the first date to the second; negative when the second is earlier. #}
{% macro days_between(first_date, second_date) -%}
    {{ return(adapter.dispatch('days_between')(first_date, second_date)) }}
{%- endmacro %}

{% macro default__days_between(first_date, second_date) -%}
    cast({{ second_date }} - {{ first_date }} as bigint)
{%- endmacro %}

{% macro duckdb__days_between(first_date, second_date) -%}
    date_diff('day', {{ first_date }}, {{ second_date }})
{%- endmacro %}

{% macro spark__days_between(first_date, second_date) -%}
    cast(datediff({{ second_date }}, {{ first_date }}) as bigint)
{%- endmacro %}

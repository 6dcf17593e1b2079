{# The business date of a UTC instant in a time zone given as SQL (an IANA name). #}
{% macro local_date(instant, time_zone) -%}
    cast({{ local_time(instant, time_zone) }} as date)
{%- endmacro %}

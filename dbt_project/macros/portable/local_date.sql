{# The business date of a UTC instant in a time zone given as SQL (an IANA name). #}
{% macro local_date(instant, time_zone) -%}
    {{ adapter.dispatch('local_date')(instant, time_zone) }}
{%- endmacro %}

{% macro default__local_date(instant, time_zone) -%}
    cast(timezone({{ time_zone }}, timezone('UTC', {{ instant }})) as date)
{%- endmacro %}

{#
    DuckDB looks a zone up again for every row unless it is a constant: the zones of most rows are
    written out, seven times as fast; any other is looked up.
#}
{% macro duckdb__local_date(instant, time_zone) -%}
    cast(
        case {{ time_zone }}
            {%- for zone in ['Europe/Paris', 'Europe/Rome', 'UTC'] %}
            when '{{ zone }}' then timezone('{{ zone }}', make_timestamptz(epoch_us({{ instant }})))
            {%- endfor %}
            else timezone({{ time_zone }}, make_timestamptz(epoch_us({{ instant }})))
        end
        as date
    )
{%- endmacro %}

{% macro spark__local_date(instant, time_zone) -%}
    to_date(from_utc_timestamp({{ instant }}, {{ time_zone }}))
{%- endmacro %}

{# Continuous percentile of a number over the group: 0.5 is the median. #}
{% macro percentile(expression, share) -%}
    {{ return(adapter.dispatch('percentile', 'adv')(expression, share)) }}
{%- endmacro %}

{% macro default__percentile(expression, share) -%}
    quantile_cont(cast({{ expression }} as double), {{ share }})
{%- endmacro %}

{% macro spark__percentile(expression, share) -%}
    percentile(cast({{ expression }} as double), {{ share }})
{%- endmacro %}

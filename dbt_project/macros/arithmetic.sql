{#
    Arithmetic with declared types: engines disagree on what dividing decimals gives.
    A ratio without a denominator is unknown, never 0 % or 100 %.
#}
{% macro ratio(numerator, denominator) -%}
    cast(
        cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
        as decimal(18, 6)
    )
{%- endmacro %}

{# A sum of money, back in the type that money has. #}
{% macro money(expression) -%}
    cast({{ expression }} as decimal(18, 4))
{%- endmacro %}

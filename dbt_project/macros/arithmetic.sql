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

{#
    An amount rounded to a multiple of `step`, halves to the even one, as Python's decimals round;
    exact, since only decimals are added and compared.
#}
{% macro rounded_to_even(amount, step) -%}
    {%- set whole = '(abs(' ~ amount ~ ') - mod(abs(' ~ amount ~ '), ' ~ step ~ '))' -%}
    {{ money(
        'sign(' ~ amount ~ ') * (' ~ whole ~ ' + case when 2 * mod(abs(' ~ amount ~ '), ' ~ step ~ ') > ' ~ step
        ~ ' or (2 * mod(abs(' ~ amount ~ '), ' ~ step ~ ') = ' ~ step ~ ' and mod(' ~ whole ~ ', 2 * ' ~ step ~ ') <> 0) then '
        ~ step ~ ' else 0 end)'
    ) }}
{%- endmacro %}

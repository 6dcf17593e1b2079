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
    A proportion of money, amount * part / whole, rounded once to `decimals` places (at most 4), halves
    away from zero; NULL where the whole is 0. Exact below a hundred billion: engines divide decimals in floating
    point, or cut them off, and multiplying back tells whether what they give is one off.
#}
{% macro apportioned(amount, part, whole, decimals=4) -%}
    {%- set step = {2: '0.01', 4: '0.0001'}[decimals] -%}
    {%- set amount_, part_, whole_ = 'abs(' ~ money(amount) ~ ')', 'abs(' ~ money(part) ~ ')', 'abs(' ~ money(whole) ~ ')' -%}
    {%- set quotient = money('round(cast(' ~ amount_ ~ ' as double) * cast(' ~ part_ ~ ' as double) / nullif(cast(' ~ whole_ ~ ' as double), 0), ' ~ decimals ~ ')') -%}
    {%- set product = 'cast(2 * ' ~ amount_ ~ ' as decimal(19, 4)) * ' ~ part_ -%}
    {{ money(
        'sign(' ~ amount ~ ') * sign(' ~ part ~ ') * sign(' ~ whole ~ ') * (' ~ quotient ~ ' + case'
        ~ ' when ' ~ product ~ ' >= cast(2 * ' ~ quotient ~ ' + ' ~ step ~ ' as decimal(19, 4)) * ' ~ whole_ ~ ' then ' ~ step
        ~ ' when ' ~ product ~ ' < cast(2 * ' ~ quotient ~ ' - ' ~ step ~ ' as decimal(19, 4)) * ' ~ whole_ ~ ' then -' ~ step
        ~ ' else 0 end)'
    ) }}
{%- endmacro %}

{#
    A share of money, rounded once to 6 places, halves away from zero; NULL where the whole is 0 or less.
    Exact, as `apportioned` is: limits are round numbers, so that halves are frequent.
#}
{% macro share(amount, whole) -%}
    {%- set amount_, whole_ = 'abs(' ~ money(amount) ~ ')', money('case when ' ~ whole ~ ' > 0 then ' ~ whole ~ ' end') -%}
    {%- set quotient = 'cast(round(cast(' ~ amount_ ~ ' as double) / cast(' ~ whole_ ~ ' as double), 6) as decimal(18, 6))' -%}
    {%- set twice = 'cast(2 * ' ~ amount_ ~ ' as decimal(29, 10))' -%}
    cast(
        sign({{ amount }}) * (
            {{ quotient }} + case
                when {{ twice }} >= cast(2 * {{ quotient }} + 0.000001 as decimal(19, 6)) * {{ whole_ }} then 0.000001
                when {{ twice }} < cast(2 * {{ quotient }} - 0.000001 as decimal(19, 6)) * {{ whole_ }} then -0.000001
                else 0
            end
        ) as decimal(18, 6)
    )
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

{#
    Confidence intervals of survey results, at the level of `confidence_quantile`. All give doubles,
    and NULL when there is nothing to judge from.
#}

{# Wilson score interval of a share; `side` is lower or upper. It stays within 0 and 1, also with few cases or none of a kind. #}
{% macro wilson_bound(cases, n, side) -%}
    {%- set z = var('confidence_quantile') -%}
    {%- set share = 'cast(' ~ cases ~ ' as double) / nullif(' ~ n ~ ', 0)' -%}
    (
        (
            {{ share }} + power({{ z }}, 2) / 2 / nullif({{ n }}, 0)
            {{ '-' if side == 'lower' else '+' }} {{ z }} * sqrt(
                -- Never below 0 by a rounding of doubles.
                greatest({{ share }} * (1 - {{ share }}), 0) / nullif({{ n }}, 0)
                + power({{ z }}, 2) / 4 / nullif(cast({{ n }} as double) * {{ n }}, 0)
            )
        ) / (1 + power({{ z }}, 2) / nullif({{ n }}, 0))
    )
{%- endmacro %}

{#
    Adjusted Wald interval of a difference of two shares of the same answers, such as promoters less
    detractors: as if three more had answered, 3/4 for, 3/4 against, the rest in between.
#}
{% macro net_share_bound(favourable, adverse, n, side) -%}
    {%- set net = '((' ~ favourable ~ ' - ' ~ adverse ~ ') / (' ~ n ~ ' + 3.0e0))' -%}
    case
        when {{ n }} > 0
            then {{ 'greatest' if side == 'lower' else 'least' }}(
                {{ net }} {{ '-' if side == 'lower' else '+' }} {{ var('confidence_quantile') }} * sqrt(
                    (({{ favourable }} + {{ adverse }} + 1.5e0) / ({{ n }} + 3.0e0) - {{ net }} * {{ net }}) / ({{ n }} + 3.0e0)
                ),
                {{ '-1' if side == 'lower' else '1' }}
            )
    end
{%- endmacro %}

{#
    Half the width of Student's interval of a mean, from the standard deviation of n values. The
    quantile of Student's distribution is expanded from the normal one (Abramowitz and Stegun 26.7.5),
    right to 0.001 from five values on.
#}
{% macro student_margin(standard_deviation, n) -%}
    {%- set z = var('confidence_quantile') -%}
    {%- set freedom = 'nullif(cast(' ~ n ~ ' as double) - 1, 0)' -%}
    (
        {{ z }}
        + (power({{ z }}, 3) + {{ z }}) / 4 / {{ freedom }}
        + (5 * power({{ z }}, 5) + 16 * power({{ z }}, 3) + 3 * {{ z }}) / 96 / power({{ freedom }}, 2)
        + (3 * power({{ z }}, 7) + 19 * power({{ z }}, 5) + 17 * power({{ z }}, 3) - 15 * {{ z }}) / 384 / power({{ freedom }}, 3)
        + (
            79 * power({{ z }}, 9) + 776 * power({{ z }}, 7) + 1482 * power({{ z }}, 5) - 1920 * power({{ z }}, 3) - 945 * {{ z }}
        ) / 92160 / power({{ freedom }}, 4)
    ) * {{ standard_deviation }} / sqrt({{ n }})
{%- endmacro %}

{#
    The rows of a relation, each with the first day (or instant) of its stretch. Rows of one key that overlap, or
    follow on one another without a gap, are one stretch: from `since` to before `until`, which is NULL for what
    lasts. `order_by` tells apart rows of a key that begin at once, where there may be such.
#}
{% macro stretches(relation, key, since, until, order_by=since) -%}
    select
        *,
        max(case when covered_until is null or {{ since }} > covered_until then {{ since }} end) over (
            partition by {{ key }} order by {{ order_by }} rows between unbounded preceding and current row
        ) as stretch_from
    from (
        select
            *,
            max(coalesce({{ until }}, cast('9999-12-31' as date))) over (
                partition by {{ key }} order by {{ order_by }} rows between unbounded preceding and 1 preceding
            ) as covered_until
        from {{ relation }}
    ) as covered
{%- endmacro %}

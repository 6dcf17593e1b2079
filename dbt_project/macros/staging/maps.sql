{# The reasons of claims that a system writes, translated: by its own row of the map, else by that of any system. #}
{% macro claim_reasons_of(system) -%}
    select
        source_reason,
        coalesce(
            max(case when system = '{{ system }}' then reason end), max(case when system = 'any' then reason end)
        ) as reason
    from {{ ref('claim_reason_map') }}
    where system in ('{{ system }}', 'any')
    group by source_reason
{%- endmacro %}

{#
    What a status of a case means, given its row of the map and what is written of the case, its status and
    then its state. SuiteCRM takes no status of a house's own without the state before it, such as
    `Closed_Paid Back`.
#}
{% macro suitecrm_case_status(mapped, written) -%}
    coalesce(
        {{ mapped }},
        {%- for column in written %}
        case
            when lower({{ column }}) like 'closed%' then 'closed'
            when lower({{ column }}) like 'open%' then 'in_progress'
        end,
        {%- endfor %}
        'unknown'
    )
{%- endmacro %}

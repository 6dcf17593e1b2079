{#
    Team of each employee over time, as the columns employee_id, team, valid_from and valid_to of a
    CTE: every day at most once, and with an end in every row, so that engines join by key and range.
#}
{% macro employee_teams() -%}
    select
        employee_id,
        team,
        valid_from,
        coalesce(
            least(
                valid_to,
                {{ add_days('lead(valid_from) over (partition by employee_id order by valid_from)', -1) }}
            ),
            cast('9999-12-31' as date)
        ) as valid_to
    from {{ ref('dim_employee_history') }}
{%- endmacro %}

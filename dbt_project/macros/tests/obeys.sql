{#
    All the rules of one table in one node; each failing row names the rule it broke.

    - `key`: columns that together are unique.
    - `references`: {column: 'model.column'}; NULL passes, and so does a reference to a fact that
      nothing answers to (`ref/...`): dimensions hold a member for it, facts cannot.
    - `accepted`: {column: [values]}; NULL passes.
    - `rules`: {name: condition} that every row satisfies; NULL counts as a failure.
#}
{% test obeys(model, key=[], references={}, accepted={}, rules={}) %}
{%- set parts = [] -%}
{%- if key -%}
    {%- set part -%}
select 'unique key ({{ key | join(", ") }})' as broken_rule, count(*) as failing_rows
from (select {{ key | join(', ') }} from {{ model }} group by {{ key | join(', ') }} having count(*) > 1) as duplicates
    {%- endset -%}
    {%- do parts.append(part) -%}
{%- endif -%}
{%- for column, target in references.items() -%}
    {%- set parent, parent_column = target.split('.') -%}
    {%- set part -%}
select '{{ column }} exists in {{ target }}' as broken_rule, count(*) as failing_rows
from {{ model }} as child
where
    child.{{ column }} is not null
    {%- if not parent.startswith('dim_') %}
    and child.{{ column }} not like 'ref/%'
    {%- endif %}
    and not exists (select 1 from {{ ref(parent) }} as parent where parent.{{ parent_column }} = child.{{ column }})
    {%- endset -%}
    {%- do parts.append(part) -%}
{%- endfor -%}
{%- for column, values in accepted.items() -%}
    {%- set part -%}
select '{{ column }} is one of its values' as broken_rule, count(*) as failing_rows
from {{ model }}
where {{ column }} is not null and {{ column }} not in ('{{ values | join("', '") }}')
    {%- endset -%}
    {%- do parts.append(part) -%}
{%- endfor -%}
{%- for name, condition in rules.items() -%}
    {%- set part -%}
select '{{ name | replace("'", "''") }}' as broken_rule, count(*) as failing_rows
from {{ model }}
where not coalesce({{ condition }}, false)
    {%- endset -%}
    {%- do parts.append(part) -%}
{%- endfor -%}
select broken_rule, failing_rows
from (
{{ parts | join('\nunion all\n') }}
) as broken
where failing_rows > 0
{% endtest %}

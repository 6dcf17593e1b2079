{# Columns of a contract table, in order, as declared in models/intermediate/_contract.yml. #}
{% macro contract_columns(entity) -%}
    {%- set node = graph.nodes.get('model.adv.int_' ~ entity) -%}
    {%- if not node -%}
        {{ exceptions.raise_compiler_error("The contract has no table '" ~ entity ~ "'.") }}
    {%- endif -%}
    {{ return(node.columns.values() | list) }}
{%- endmacro %}

{#
    Last statement of a staging model: the CTE `final` as the contract wants it, cast to its types.

    `lacks` names the contract columns that the source cannot give; they become NULL. A column that
    is neither in `final` nor in `lacks` fails the build, so nothing is left out by accident; it is asked
    of `final` by name, so that the error names it.
#}
{% macro conform(entity, lacks=[]) -%}
    {#- Unit tests compile without the graph: they see `final` as it is. -#}
    {%- if execute and graph.nodes is defined -%}
        {%- set columns = contract_columns(entity) -%}
        {%- set names = columns | map(attribute='name') | list -%}
        {%- for name in lacks if name not in names -%}
            {{ exceptions.raise_compiler_error("'" ~ name ~ "' is not a column of the contract table '" ~ entity ~ "'.") }}
        {%- endfor -%}
select
        {%- for column in columns %}
    cast({{ 'null' if column.name in lacks else 'final.' ~ column.name }} as {{ api.Column.translate_type(column.data_type) }}) as {{ column.name }}
            {{- ',' if not loop.last }}
        {%- endfor %}
from final
    {%- else -%}
select * from final
    {%- endif -%}
{%- endmacro %}

{#
    A contract table: what each system's staging gives, and what users give directly
    as `contract` sources. Keys of the latter are made unique by their source; reference keys
    (`ref/...`), which name something in another system, stay as they are.
#}
{% macro conformed(entity, staging=[]) -%}
    {%- set given = raw('contract', entity) -%}
    {%- set relations = [] -%}
    {%- for model in staging if is_configured(model) -%}
        {%- do relations.append(ref(model)) -%}
    {%- endfor -%}
    {%- if execute -%}
        {%- set columns = contract_columns(entity) -%}
select
        {%- for column in columns %}
            {%- if column.name == 'source_system' %}
    cast('contract' as {{ api.Column.translate_type('string') }}) as source_system
            {%- elif column.name.endswith('_id') and column.name != 'source_id' %}
    case
        when {{ column.name }} like 'ref/%' then {{ column.name }}
        else source_id || '/' || {{ column.name }}
    end as {{ column.name }}
            {%- else %}
    {{ column.name }}
            {%- endif -%}
            {{- ',' if not loop.last }}
        {%- endfor %}
from {{ given }} as given
        {%- for relation in relations %}
union all
select
            {%- for column in columns %}
    {{ column.name }}{{ ',' if not loop.last }}
            {%- endfor %}
from {{ relation }}
        {%- endfor -%}
    {%- else -%}
select * from {{ given }} as given
    {%- endif -%}
{%- endmacro %}

{# A contract key: unique across sources and across the tables of one source; NULL for NULL. #}
{% macro key(source_id, entity, id) -%}
    {{ source_id }} || '/{{ entity }}/' || cast({{ id }} as {{ dbt.type_string() }})
{%- endmacro %}

{# Whether a staging model's system, its name up to the `__`, is one that the installation reads. #}
{% macro is_configured(model) -%}
    {%- set system = model.split('__')[0][4:] -%}
    {{ return(system in env_var('ADV_SYSTEMS', system).split()) }}
{%- endmacro %}

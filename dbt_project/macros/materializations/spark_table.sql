{#
    A table on Spark. Each build begins with none, so there is nothing to replace; and Spark enforces
    no NOT NULL in Parquet, so the contract's are looked at when the table is there.

    A Python model runs in the driver and leaves a view; its columns get the contract's types.
#}
{% materialization table, adapter="spark", supported_languages=["sql", "python"] %}
    {%- set target = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks) }}
    {%- if model["language"] == "python" -%}
        {% call statement("frame", language="python") %}{{ compiled_code }}{% endcall %}
        {%- set query = from_frame(model) -%}
    {%- else -%}
        {%- set query = compiled_code -%}
    {%- endif -%}
    {% call statement("main") -%}
        {{ spark_table(target, query) }}
    {%- endcall %}
    {% do assert_filled(target, model) %}
    {{ run_hooks(post_hooks) }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}

{% macro spark_table(target, query) -%}
    create table {{ target }} using parquet as
    {%- if config.get("contract").enforced %}
    {{ get_assert_columns_equivalent(query) }}
    {{ get_select_subquery(query) }}
    {%- else %}
    {{ query }}
    {%- endif %}
{%- endmacro %}

{# Where types are not declared, those that the model gave. #}
{% macro from_frame(model) -%}
    {%- set typed = model.columns.values() | selectattr("data_type") | list -%}
select
    {{ "*" if typed | length < model.columns | length or not typed }}
    {%- for column in typed if typed | length == model.columns | length %}
    cast({{ column.name }} as {{ api.Column.translate_type(column.data_type) }}) as {{ column.name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ model.alias }}__frame
{%- endmacro %}

{% macro assert_filled(relation, model) -%}
    {%- set required = [] -%}
    {%- if config.get("contract").enforced -%}
        {%- for column in model.columns.values() -%}
            {%- if column.constraints | selectattr("type", "equalto", "not_null") | list -%}
                {%- do required.append(column.name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if required -%}
        {%- set query -%}
            select * from (
                select
                    {%- for name in required %}
                    count_if({{ name }} is null) as {{ name }}{{ ',' if not loop.last }}
                    {%- endfor %}
                from {{ relation }}
            ) as counted
            where {{ required | join(' + ') }} > 0
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- set empty = [] -%}
            {%- for name in required if row[name] -%}
                {%- do empty.append(name) -%}
            {%- endfor -%}
            {{ exceptions.raise_compiler_error(relation ~ ": NULL in " ~ empty | join(", ") ~ ", which the contract forbids.") }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

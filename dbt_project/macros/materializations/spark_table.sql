{#
    A table on Spark. Each build begins with none, so there is nothing to replace; and Spark enforces
    no NOT NULL in Parquet, so the contract's are looked at when the table is there.

    Columns get the contract's types: Spark widens decimals otherwise than DuckDB does, and counts some
    things in 32 bits. In ANSI mode a value that does not fit is an error.

    A Python model runs in the driver and leaves a view.
#}
{% materialization table, adapter="spark", supported_languages=["sql", "python"] %}
    {%- set target = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks) }}
    {%- if model["language"] == "python" -%}
        {% call statement("frame", language="python") %}{{ compiled_code }}{% endcall %}
        {%- set query, views = "select * from " ~ model.alias ~ "__frame", [model.alias ~ "__frame"] -%}
    {%- else -%}
        {%- set query, views = adapter.worked_out_once(compiled_code, model.alias) -%}
    {%- endif -%}
    {% call statement("main") -%}
        create table {{ target }} using parquet as
        {{ as_declared(query, model) }}
    {%- endcall %}
    {% do adapter.forget(views) %}
    {% do assert_filled(target, model) %}
    {{ run_hooks(post_hooks) }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}

{# Where types are not declared, those that the model gave. #}
{% macro as_declared(query, model) -%}
    {%- set typed = model.columns.values() | selectattr("data_type") | list -%}
    {%- if typed and typed | length == model.columns | length -%}
        select
            {%- for column in typed %}
            cast({{ column.name }} as {{ api.Column.translate_type(column.data_type) }}) as {{ column.name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from (
        {{ query }}
        )
    {%- else -%}
        {{ query }}
    {%- endif -%}
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

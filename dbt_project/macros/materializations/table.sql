{#
    A table on DuckDB, built under its own name.

    dbt's own builds it under another name, so that readers of the old table are not disturbed, and
    renames twice. Nobody reads these files while they are built: readers have the publication,
    which is a file of its own, and a failed model rolls back.

    What another engine has built of the same model is taken over from its files: orchestration/spark_build.py.
#}
{% materialization table, adapter="duckdb", supported_languages=["sql", "python"] %}
    {%- set language = model["language"] -%}
    {%- set built_tables = env_var("ADV_BUILT_TABLES", "") -%}
    {%- set code = "select * from read_parquet('" ~ built_tables ~ "/" ~ this.schema ~ ".db/" ~ this.identifier ~ "/*.parquet')" if built_tables else compiled_code -%}
    {%- set target = this.incorporate(type="table") -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none -%}
        {% do adapter.drop_relation(existing) %}
        {#- A Python model writes from a cursor of its own, which must see that the old table is gone. -#}
        {%- if language == "python" -%}
            {% do adapter.commit() %}
        {%- endif -%}
    {%- endif -%}
    {% call statement("main", language=language) -%}
        {{ create_table_as(False, target, code, language) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}

{#
    Descriptions of a table and its columns, as one statement on DuckDB.

    dbt's own asks twice per table which of the described columns exist. Contracts have settled that
    by then, and a described column that does not exist fails here.
#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}
    {%- set comments = [] -%}
    {%- if for_relation and config.persist_relation_docs() and model.description -%}
        {%- do comments.append(duckdb__alter_relation_comment(relation, told(model))) -%}
    {%- endif -%}
    {%- if for_columns and config.persist_column_docs() -%}
        {%- for name, column in model.columns.items() if column.description -%}
            {%- do comments.append(
                "comment on column " ~ relation ~ "." ~ (adapter.quote(name) if column.quote else name)
                ~ " is " ~ duckdb_escape_comment(told(column)) ~ ";"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if comments -%}
        {%- call statement("comments") -%}
            {{ comments | join("\n") }}
        {%- endcall -%}
    {%- endif -%}
{% endmacro %}

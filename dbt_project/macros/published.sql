{#
    A table of the publication in force while this run builds the next one, for what can only be
    known by comparing publications. Without one, or where it lacks the table, no rows.

    `columns` maps each column to its type. On DuckDB the publication is attached as `previous`; Spark
    has one level of names less, and finds its tables in a schema of that name.
#}
{% macro published(schema, table, columns) -%}
    {%- set relation = none -%}
    {%- if execute and target.type == 'duckdb' -%}
        {%- set relation = adapter.get_relation(database='previous', schema=schema, identifier=table) -%}
    {%- elif execute and not flags.INTROSPECT is sameas false -%}
        {#- `make lint` compiles without any Spark that could be asked. -#}
        {%- set relation = adapter.get_relation(database=none, schema='previous', identifier=schema ~ '__' ~ table) -%}
    {%- endif -%}
    (
        select
            {%- for column, type in columns.items() %}
            {{ column if relation else 'cast(null as ' ~ type ~ ') as ' ~ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation or '(select 1 as nothing) as no_publication' }}
        {%- if not relation %}
        where 1 = 0
        {%- endif %}
    )
{%- endmacro %}

{# Days published so far, each with the load its last publication knew. #}
{% macro published_days() -%}
    {{ published('meta', 'publications', {
        'as_of_date': 'date',
        'run_id': dbt.type_string(),
        'known_load': 'bigint',
        'known_at': dbt.type_timestamp(),
    }) }}
{%- endmacro %}

{# The postings of the publication in force. #}
{% macro published_postings() -%}
    {{ published('meta', 'postings', {
        'measure': dbt.type_string(),
        'entity': dbt.type_string(),
        'entity_id': dbt.type_string(),
        'company_id': dbt.type_string(),
        'business_date': 'date',
        'amount': 'decimal(18, 4)',
    }) }}
{%- endmacro %}

{# The differences that the publication in force knew. #}
{% macro published_differences() -%}
    {{ published('kpi', 'as_of_differences', {
        'company_id': dbt.type_string(),
        'measure': dbt.type_string(),
        'entity': dbt.type_string(),
        'entity_id': dbt.type_string(),
        'business_date': 'date',
        'published_through': 'date',
        'known_load': 'bigint',
        'known_at': dbt.type_timestamp(),
        'change': dbt.type_string(),
        'amount': 'decimal(18, 4)',
    }) }}
{%- endmacro %}

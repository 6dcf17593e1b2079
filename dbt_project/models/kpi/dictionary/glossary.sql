-- One row per published table and per column of it: its labels in three languages and its definition.
with described (schema_name, mart, column_position, column_name, data_type, definition) as (
    values
    {%- for table in published_tables() %}
    ('{{ table.schema }}', '{{ table.name }}', 0, '', 'table', {{ text_literal(told(table)) }}),
    {%- for column in table.columns.values() %}
    ('{{ table.schema }}', '{{ table.name }}', {{ loop.index }}, '{{ column.name }}', {{ text_literal(column.data_type or 'unknown') }}, {{ text_literal(told(column)) }}),
    {%- endfor %}
    {%- endfor %}
    {#- A last row, so that no comma is left over; it is also all there is while dbt parses. #}
    ('', '', 0, '', '', '')
),

labels as (
    select * from {{ ref('glossary_labels') }}
)

select
    described.schema_name,
    described.mart,
    cast(described.column_position as bigint) as column_position,
    described.column_name,
    described.data_type,
    labels.label_en,
    labels.label_fr,
    labels.label_it,
    described.definition
from described
left join labels on coalesce(nullif(described.column_name, ''), described.mart) = labels.term
where described.mart <> ''

{# A layer's schema is its name, without the target's prefix: BI tools rely on `core` and `kpi`. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}

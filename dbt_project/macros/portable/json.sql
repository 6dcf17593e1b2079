{#
    Text that a source translates: JSON by language on newer versions, plain text on older ones.
    French first, then Italian, then the source's own English.
#}
{% macro translated(column) -%}
    case
        when {{ column }} like {{ json_object_pattern() }}
            then coalesce(
                {{ json_text(column, "'fr_FR'") }},
                {{ json_text(column, "'it_IT'") }},
                {{ json_text(column, "'en_US'") }},
                {{ column }}
            )
        else {{ column }}
    end
{%- endmacro %}

{#
    A value that depends on the company: JSON by company id on newer versions, the same plain
    value for every company on older ones.
#}
{% macro company_value(column, company_id) -%}
    case
        when {{ column }} like {{ json_object_pattern() }}
            then {{ json_text(column, 'cast(' ~ company_id ~ ' as ' ~ dbt.type_string() ~ ')') }}
        else {{ column }}
    end
{%- endmacro %}

{# What a JSON object looks like, for `like`; in a macro because Jinja reads an opening brace and a percent sign as its own. #}
{% macro json_object_pattern() -%}
    '{{ '{' }}{{ '%' }}'
{%- endmacro %}

{# The text under one key of a JSON object; NULL when the key is absent. `key` is SQL. #}
{% macro json_text(column, key) -%}
    {{ adapter.dispatch('json_text')(column, key) }}
{%- endmacro %}

{% macro default__json_text(column, key) -%}
    json_extract_string({{ column }}, '$."' || {{ key }} || '"')
{%- endmacro %}

{% macro spark__json_text(column, key) -%}
    get_json_object({{ column }}, concat("$['", {{ key }}, "']"))
{%- endmacro %}

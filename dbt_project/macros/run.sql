{# The run that is being built, as one row: `control.current_run`. Models never read the clock. #}

{% macro as_of_date() -%}
    (select as_of_date from {{ source('control', 'current_run') }})
{%- endmacro %}

{% macro known_load() -%}
    (select known_load from {{ source('control', 'current_run') }})
{%- endmacro %}

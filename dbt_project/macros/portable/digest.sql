{# SHA-256 of a text, as hexadecimal text. #}
{% macro digest(text) -%}
    {{ return(adapter.dispatch('digest', 'adv')(text)) }}
{%- endmacro %}

{% macro default__digest(text) -%}
    sha256({{ text }})
{%- endmacro %}

{% macro spark__digest(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}

{#
    A person's pseudonym: a digest keyed by the installation's own secret, so that it cannot be
    found by hashing a list of logins. The secret is read from its table, never written into SQL.
#}
{% macro pseudonym(identifier) -%}
    {%- set key = '(select pseudonym_key from ' ~ source('control', 'installation') ~ ')' -%}
    substr({{ digest(key ~ " || '|' || " ~ identifier) }}, 1, 10)
{%- endmacro %}

{# Whether names of employees may reach the marts; off unless the installation says so. #}
{% macro shows_employee_names() -%}
    {{ return(env_var('ADV_SHOW_EMPLOYEE_NAMES', 'false') | lower in ('1', 'true', 'yes')) }}
{%- endmacro %}

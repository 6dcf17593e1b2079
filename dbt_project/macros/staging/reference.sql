{#
    A reference key: a thing of another system, called by the name that people give it there.
    int_identities translates it to the key of the leading system; blank text names nothing.
#}
{% macro reference(entity_type, name) -%}
    'ref/{{ entity_type }}/' || nullif(trim({{ name }}), '')
{%- endmacro %}

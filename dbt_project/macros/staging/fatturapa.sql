{#
    The number by which a party is told from others: its fiscal code, else its VAT number. Those abroad
    who have none all bear one of the same few codes, of zeros and nines; they are told by their names.
#}
{% macro fatturapa_number(role) -%}
    {%- set register = role ~ '_datianagrafici_' -%}
    {%- set code = 'upper(' ~ register ~ 'idfiscaleiva_idcodice)' -%}
    {%- set country = 'upper(' ~ register ~ 'idfiscaleiva_idpaese)' -%}
    coalesce(
        upper({{ register }}codicefiscale),
        case
            when replace(replace(replace({{ code }}, '0', ''), '9', ''), 'O', '') = '' then null
            when {{ country }} = 'IT' then {{ code }}
            else {{ country }} || {{ code }}
        end,
        upper({{ fatturapa_name(role) }}) || '/' || {{ country }}
    )
{%- endmacro %}

{# What a party is called: a company by its name, a person by given name and surname. #}
{% macro fatturapa_name(role) -%}
    {%- set called = role ~ '_datianagrafici_anagrafica_' -%}
    coalesce(
        {{ called }}denominazione,
        nullif(trim(coalesce({{ called }}nome, '') || ' ' || coalesce({{ called }}cognome, '')), '')
    )
{%- endmacro %}

{# Country and number by which a party pays VAT, as others write it: IT01234567890. #}
{% macro fatturapa_vat_number(role) -%}
    upper({{ role }}_datianagrafici_idfiscaleiva_idpaese || {{ role }}_datianagrafici_idfiscaleiva_idcodice)
{%- endmacro %}

{# Key of the customer: a pseudonym, since the number may be a person's. #}
{% macro fatturapa_customer(relation) -%}
    {{ key(relation ~ '.source_id', 'CessionarioCommittente', pseudonym(fatturapa_number(relation ~ '.cessionariocommittente'))) }}
{%- endmacro %}

{# Whether a list of line numbers, one to a line of text, names the number. #}
{% macro fatturapa_names_line(references, number) -%}
    chr(10) || {{ references }} || chr(10)
    like '%' || chr(10) || cast({{ number }} as {{ dbt.type_string() }}) || chr(10) || '%'
{%- endmacro %}

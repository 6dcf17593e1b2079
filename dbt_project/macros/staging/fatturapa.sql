{#
    The number by which a party is told from others: its fiscal code, else its VAT number, in Italy without the
    country, as both are mostly one. Those abroad who have none are told by their names.
#}
{% macro fatturapa_number(role) -%}
    {%- set register = role ~ '_datianagrafici_' -%}
    coalesce(
        upper({{ register }}codicefiscale),
        case
            when upper({{ register }}idfiscaleiva_idpaese) = 'IT' then upper({{ register }}idfiscaleiva_idcodice)
            else {{ fatturapa_vat_number(role) }}
        end,
        upper({{ fatturapa_name(role) }} || '/' || {{ register }}idfiscaleiva_idpaese),
        upper({{ fatturapa_name(role) }})
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

{#
    Country and number by which a party pays VAT, as others write it: IT01234567890. Codes of zeros and nines alone
    stand for none, where the format wants one.
#}
{% macro fatturapa_vat_number(role) -%}
    {%- set register = role ~ '_datianagrafici_idfiscaleiva_' -%}
    {%- set code = 'upper(' ~ register ~ 'idcodice)' -%}
    case
        when replace(replace(replace({{ code }}, '0', ''), '9', ''), 'O', '') <> '' then upper({{ register }}idpaese) || {{ code }}
    end
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

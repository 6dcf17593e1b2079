{# An amount in the currency of its document: Dolibarr keeps it beside the one in company currency, where it has foreign currencies. #}
{% macro dolibarr_amount(row, amount, company_currency) -%}
    case
        when nullif({{ row }}.multicurrency_code, '') <> {{ company_currency }} then {{ row }}.multicurrency_{{ amount }}
        else {{ row }}.{{ amount }}
    end
{%- endmacro %}

{# Currency of a document. #}
{% macro dolibarr_currency(row, company_currency) -%}
    coalesce(nullif({{ row }}.multicurrency_code, ''), {{ company_currency }})
{%- endmacro %}

{# One name for a kind of document, which links and events call by several. #}
{% macro dolibarr_kind(name) -%}
    case {{ name }}
        when 'invoice' then 'facture'
        when 'order' then 'commande'
        when 'shipping' then 'expedition'
        else {{ name }}
    end
{%- endmacro %}

{# The number of a document; a draft has a provisional one only. #}
{% macro dolibarr_number(ref) -%}
    case when {{ ref }} not like '(PROV%' then {{ ref }} end
{%- endmacro %}

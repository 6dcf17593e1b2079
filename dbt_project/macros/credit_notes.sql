{#
    Why credit notes were issued, by what is written on them: of the texts of the seed that it contains,
    the longest decides. Nothing is said of those of which nothing is known.
#}
{% macro declared_credit_note_reasons(documents) -%}
    select document_id, credit_note_reason
    from (
        select
            documents.document_id,
            map.credit_note_reason,
            row_number() over (
                partition by documents.document_id order by length(map.source_text) desc, map.source_text asc
            ) as preference
        from {{ documents }} as documents
        inner join {{ ref('credit_note_reason_map') }} as map
            on lower(documents.reason) like '%' || map.source_text || '%'
        where documents.document_type = 'credit_note'
    ) as ranked
    where preference = 1
{%- endmacro %}

{#
    The order lines behind the documents that claims name, be it the order, a delivery note or an
    invoice: claim_id, order_id, order_line_id, and the line and product on the document itself.
    `claims` is a CTE with claim_id and document_id.
#}
{% macro claimed_lines(claims) -%}
    {%- for table, document, line in [
        ('fct_order_lines', 'order_id', 'order_line_id'),
        ('fct_deliveries', 'document_id', 'delivery_line_id'),
        ('fct_invoice_lines', 'document_id', 'invoice_line_id'),
    ] %}
    select
        {{ claims }}.claim_id,
        lines.order_id,
        lines.order_line_id,
        lines.{{ line }} as line_id,
        lines.product_id
    from {{ claims }}
    inner join {{ ref(table) }} as lines on {{ claims }}.document_id = lines.{{ document }}
    where lines.order_id is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# What a change of a claim's status amounts to, in the contract's words: resolved, closed, reopened or status_changed. #}
{% macro claim_change(from_status, to_status) -%}
    case
        when {{ to_status }} = 'resolved' and coalesce({{ from_status }}, 'unknown') <> 'closed' then 'resolved'
        when {{ to_status }} = 'closed' then 'closed'
        when {{ from_status }} in ('resolved', 'closed') then 'reopened'
        else 'status_changed'
    end
{%- endmacro %}

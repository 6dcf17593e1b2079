-- One row per document type and canonical status: what the status means for that type.
with types as (
    {%- for document_type in [
        'quote', 'proforma', 'framework_order', 'order', 'preparation', 'delivery_note', 'return',
        'deposit_invoice', 'invoice', 'credit_note',
    ] %}
    select '{{ document_type }}' as document_type
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

statuses as (
    select * from {{ ref('document_statuses') }}
)

select
    types.document_type || '/' || statuses.status as document_status_id,
    types.document_type,
    statuses.status,
    cast(statuses.sort_order as bigint) as sort_order,
    statuses.label_fr,
    statuses.label_it,
    statuses.label_en,
    statuses.status in ('settled', 'closed_short', 'cancelled', 'rejected', 'expired')
    or (types.document_type in ('preparation', 'delivery_note', 'return') and statuses.status in ('shipped', 'invoiced'))
    or (types.document_type in ('order', 'framework_order') and statuses.status = 'invoiced')
    as is_terminal,
    -- A posted invoice still has to be paid, but sales administration is done with it.
    not (
        statuses.status in ('settled', 'closed_short', 'cancelled', 'rejected', 'expired', 'invoiced')
        or (types.document_type in ('preparation', 'delivery_note', 'return') and statuses.status = 'shipped')
    ) as is_in_hand
from types
cross join statuses

-- One row per document type and canonical status: what the status means for that type.
with meanings as (
    select document_type, status, is_terminal
    from {{ ref('document_status_map') }}
    where system = 'contract'
),

statuses as (
    select * from {{ ref('document_statuses') }}
)

select
    meanings.document_type || '/' || meanings.status as document_status_id,
    meanings.document_type,
    meanings.status,
    cast(statuses.sort_order as bigint) as sort_order,
    statuses.label_fr,
    statuses.label_it,
    statuses.label_en,
    meanings.is_terminal,
    -- A posted invoice still has to be paid, but sales administration is done with it.
    not meanings.is_terminal
    and not (meanings.document_type in ('invoice', 'deposit_invoice', 'credit_note') and meanings.status = 'invoiced') as is_in_hand
from meanings
inner join statuses on meanings.status = statuses.status

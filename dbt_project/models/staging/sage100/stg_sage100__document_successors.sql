-- One row per document and later document that some of its lines became.
with

line_stages as (
    select * from {{ ref('stg_sage100__line_stages') }}
),

documents as (
    select * from {{ ref('stg_sage100__document_stages') }}
)

select distinct
    earlier.source_id,
    earlier.document_id,
    earlier.stage,
    later.document_id as successor_id,
    later.stage as successor_stage,
    documents.began_at,
    documents.happened_at
from line_stages as earlier
inner join line_stages as later
    on
        earlier.source_id = later.source_id
        and earlier.line_id = later.line_id
        and earlier.stage < later.stage
inner join documents on later.document_id = documents.document_id
where not later.is_deleted

-- What the backlog holds at the end of the as-of date are the documents in hand; the moves between
-- statuses of a day cancel out.
with backlog as (
    select document_kind, sum(closing_documents) as documents
    from {{ ref('document_backlog_daily') }}
    where as_of_date = {{ as_of_date() }} and document_kind <> 'order_to_enter'
    group by document_kind
),

documents as (
    select fact.document_kind, count(*) as documents
    from {{ ref('fct_documents') }} as fact
    inner join {{ ref('dim_document_status') }} as status on fact.document_status_id = status.document_status_id
    where status.is_in_hand and fact.created_date <= {{ as_of_date() }}
    group by fact.document_kind
),

moves as (
    select as_of_date, sum(moved_in_documents) as moved_in, sum(moved_out_documents) as moved_out
    from {{ ref('document_backlog_daily') }}
    group by as_of_date
)

select documents.document_kind as failing, documents.documents as expected, backlog.documents as found
from documents
left join backlog on documents.document_kind = backlog.document_kind
where documents.documents <> coalesce(backlog.documents, 0)
union all
select cast(as_of_date as {{ dbt.type_string() }}), moved_in, moved_out
from moves
where moved_in <> moved_out

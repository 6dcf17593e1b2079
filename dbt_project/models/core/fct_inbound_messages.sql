-- One row per request received from a customer up to the as-of date.
with messages as (
    select
        message.*,
        {{ resolved('company', 'message.company_id') }} as resolved_company_id,
        {{ resolved('document', 'message.document_id') }} as resolved_document_id
    from {{ ref('int_inbound_messages') }} as message
),

-- A back-dated invoice may be known before it was entered.
documents as (
    select document_id, entered_at, created_date
    from {{ ref('fct_documents') }}
    where created_date <= {{ as_of_date() }}
)

select
    messages.inbound_message_id,
    messages.resolved_company_id as company_id,
    messages.channel,
    messages.received_at,
    {{ local_date('messages.received_at', 'companies.time_zone') }} as received_date,
    coalesce({{ resolved('customer', 'messages.customer_id') }}, 'unknown') as customer_id,
    messages.message_type,
    documents.document_id,
    documents.entered_at as document_entered_at,
    -- Until its document exists, a request waits to be entered; a document without the time of its
    -- entry is taken to follow the request.
    case
        when documents.document_id is null then null
        when documents.created_date < {{ local_date('messages.received_at', 'companies.time_zone') }}
            then {{ local_date('messages.received_at', 'companies.time_zone') }}
        else documents.created_date
    end as entered_date,
    messages.is_error,
    messages.error_code,
    case when messages.resolved_at < companies.as_of_ends_at then messages.resolved_at end as resolved_at
from messages
inner join {{ ref('dim_company') }} as companies on messages.resolved_company_id = companies.company_id
left join documents on messages.resolved_document_id = documents.document_id
where messages.received_at < companies.as_of_ends_at

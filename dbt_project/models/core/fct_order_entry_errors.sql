-- One row per error found in an entered order up to the as-of date.
with errors as (
    select
        error.*,
        coalesce({{ resolved('company', 'error.company_id') }}, 'unknown') as resolved_company_id,
        {{ resolved('document', 'error.document_id') }} as resolved_document_id
    from {{ ref('int_order_entry_errors') }} as error
)

select
    errors.order_entry_error_id,
    case when errors.resolved_company_id = 'unknown' then coalesce(documents.company_id, 'unknown') else errors.resolved_company_id end as company_id,
    errors.resolved_document_id as order_id,
    documents.document_id is not null as is_order_known,
    errors.document_line_id as order_line_id,
    errors.error_type,
    errors.detected_by,
    errors.detected_at,
    {{ local_date('errors.detected_at', 'companies.time_zone') }} as detected_date,
    documents.created_date as order_entry_date,
    documents.channel as order_channel,
    coalesce(documents.agent_id, 'unknown') as agent_id,
    case when errors.corrected_at < companies.as_of_ends_at then errors.corrected_at end as corrected_at,
    errors.cost_amount,
    errors.certainty
from errors
inner join {{ ref('dim_company') }} as companies on errors.resolved_company_id = companies.company_id
left join {{ ref('fct_documents') }} as documents on errors.resolved_document_id = documents.document_id
where errors.detected_at < companies.as_of_ends_at

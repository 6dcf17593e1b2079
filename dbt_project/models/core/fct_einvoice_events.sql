-- One row per status notice of an electronic invoice up to the as-of date.
with events as (
    select
        event.*,
        {{ resolved('company', 'event.company_id') }} as resolved_company_id,
        {{ resolved('document', 'event.document_id') }} as resolved_document_id
    from {{ ref('int_einvoice_events') }} as event
)

select
    events.einvoice_event_id,
    events.resolved_company_id as company_id,
    events.resolved_document_id as document_id,
    events.platform,
    events.event_type,
    events.occurred_at,
    {{ local_date('events.occurred_at', 'companies.time_zone') }} as occurred_date,
    events.reason
from events
inner join {{ ref('dim_company') }} as companies on events.resolved_company_id = companies.company_id
where events.occurred_at < companies.as_of_ends_at

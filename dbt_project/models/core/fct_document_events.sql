-- One row per thing that happened to a document up to the as-of date.
with events as (
    select
        event.*,
        {{ known('event.company_id') }} as resolved_company_id,
        coalesce({{ known('event.employee_id') }}, 'unknown') as resolved_employee_id,
        {{ known('event.document_id') }} as resolved_document_id
    from {{ ref('int_document_events') }} as event
    {{ join_known('company', 'event.company_id') }}
    {{ join_known('employee', 'event.employee_id') }}
    {{ join_known('document', 'event.document_id') }}
),

employees as (
    select employee_id, is_technical_user
    from {{ ref('dim_employee') }}
)

select
    events.document_event_id,
    events.resolved_document_id as document_id,
    events.document_line_id,
    events.resolved_company_id as company_id,
    documents.document_type,
    documents.document_kind,
    documents.channel,
    events.event_type,
    events.occurred_at,
    {{ local_date('events.occurred_at', 'companies.time_zone') }} as occurred_date,
    events.resolved_employee_id as employee_id,
    -- Somebody acted: neither a robot nor nobody.
    events.resolved_employee_id <> 'unknown' and not coalesce(employees.is_technical_user, false) as is_human,
    events.from_status,
    events.to_status,
    events.field_name,
    events.from_value,
    events.to_value,
    events.origin
from events
inner join {{ ref('fct_documents') }} as documents on events.resolved_document_id = documents.document_id
inner join {{ ref('dim_company') }} as companies on events.resolved_company_id = companies.company_id
left join employees on events.resolved_employee_id = employees.employee_id
where events.occurred_at < companies.as_of_ends_at

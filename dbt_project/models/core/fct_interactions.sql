-- One row per contact with or on behalf of a customer by the run's as-of date.
with

companies as (

    select company_id, time_zone from {{ ref('dim_company') }}

),

documents as (

    select document_id from {{ ref('fct_documents') }}

),

interactions as (

    select
        source.*,
        coalesce({{ resolved('company', 'source.company_id') }}, 'unknown') as known_company_id,
        {{ resolved('document', 'source.document_id') }} as known_document_id
    from {{ ref('int_interactions') }} as source

),

dated as (

    select
        interactions.*,
        {{ local_date('interactions.occurred_at', "coalesce(companies.time_zone, 'UTC')") }} as occurred_on
    from interactions
    left join companies on interactions.known_company_id = companies.company_id

)

select
    dated.source_id,
    dated.source_system,
    dated.interaction_id,
    dated.known_company_id as company_id,
    dated.occurred_at,
    dated.occurred_on,
    dated.interaction_type,
    dated.direction,
    dated.topic,
    coalesce({{ resolved('customer', 'dated.customer_id') }}, 'unknown') as customer_id,
    coalesce({{ resolved('employee', 'dated.employee_id') }}, 'unknown') as employee_id,
    {{ resolved('employee', 'dated.requester_id') }} as requester_id,
    -- A document of a later day is not known yet; what nothing answers to stays visible.
    coalesce(
        documents.document_id,
        case when dated.known_document_id like 'ref/%' then dated.known_document_id end
    ) as document_id,
    dated.minutes
from dated
left join documents on dated.known_document_id = documents.document_id
where dated.occurred_on <= {{ as_of_date() }}

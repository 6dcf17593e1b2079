-- One row per customer claim received by the run's as-of date, as it stood on that date.
with

companies as (

    select company_id, time_zone from {{ ref('dim_company') }}

),

documents as (

    select document_id from {{ ref('fct_documents') }}

),

reasons as (

    select claim_reason from {{ ref('dim_claim_reason') }}

),

claims as (

    select
        source.*,
        coalesce({{ resolved('company', 'source.company_id') }}, 'unknown') as known_company_id,
        {{ resolved('document', 'source.document_id') }} as known_document_id,
        coalesce(reasons.claim_reason, 'unknown') as known_reason
    from {{ ref('int_claims') }} as source
    left join reasons on source.reason = reasons.claim_reason

),

dated as (

    select
        claims.*,
        coalesce(companies.time_zone, 'UTC') as time_zone,
        {{ local_date('claims.opened_at', "coalesce(companies.time_zone, 'UTC')") }} as opened_on,
        {{ local_date('claims.first_response_at', "coalesce(companies.time_zone, 'UTC')") }} as first_response_on
    from claims
    left join companies on claims.known_company_id = companies.company_id

),

-- First and last stretch in which the claim was open.
stretches as (

    select
        claim_id,
        count(*) - 1 as reopened_count,
        min(ended_at) as first_ended_at,
        min(ended_on) as first_ended_on,
        case when count(*) = count(ended_at) then max(ended_at) end as last_ended_at,
        case when count(*) = count(ended_on) then max(ended_on) end as last_ended_on
    from {{ ref('int_claim_intervals') }}
    group by 1

)

select
    dated.source_id,
    dated.source_system,
    dated.claim_id,
    dated.known_company_id as company_id,
    dated.claim_number,
    coalesce({{ resolved('customer', 'dated.customer_id') }}, 'unknown') as customer_id,
    -- A document of a later day is not known yet; what nothing answers to stays visible.
    coalesce(
        documents.document_id,
        case when dated.known_document_id like 'ref/%' then dated.known_document_id end
    ) as document_id,
    dated.document_reference,
    dated.document_line_id,
    coalesce({{ resolved('product', 'dated.product_id') }}, 'unknown') as product_id,
    dated.carrier,
    dated.known_reason as claim_reason,
    dated.source_reason,
    -- What was resolved, or reopened, after the as-of date was not yet.
    case
        when stretches.last_ended_on is null and dated.status in ('resolved', 'closed') then 'in_progress'
        when stretches.last_ended_on is not null and dated.status not in ('resolved', 'closed') then 'resolved'
        else dated.status
    end as status,
    dated.source_status,
    dated.priority,
    dated.channel,
    coalesce({{ resolved('employee', 'dated.owner_id') }}, 'unknown') as owner_id,
    dated.opened_at,
    dated.opened_on,
    case when dated.first_response_on <= {{ as_of_date() }} then dated.first_response_at end as first_response_at,
    case when dated.first_response_on <= {{ as_of_date() }} then dated.first_response_on end as first_response_on,
    stretches.first_ended_at as first_resolved_at,
    stretches.first_ended_on as first_resolved_on,
    stretches.last_ended_at as resolved_at,
    stretches.last_ended_on as resolved_on,
    case
        when dated.first_response_on <= {{ as_of_date() }}
            then {{ working_minutes('opened_day', 'dated.opened_at', 'response_day', 'dated.first_response_at') }}
    end as first_response_working_minutes,
    case
        when stretches.first_ended_at is not null
            then {{ working_minutes('opened_day', 'dated.opened_at', 'ended_day', 'stretches.first_ended_at') }}
    end as first_resolution_working_minutes,
    stretches.last_ended_on is null as is_open,
    cast(stretches.reopened_count as bigint) as reopened_count,
    case
        when stretches.last_ended_on is null
            then {{ days_between('dated.opened_on', as_of_date()) }}
    end as open_age_days,
    dated.cost_amount
from dated
inner join stretches on dated.claim_id = stretches.claim_id
left join documents on dated.known_document_id = documents.document_id
{{ join_business_day('opened_day', 'dated.known_company_id', 'dated.opened_at', 'dated.time_zone') }}
{{ join_business_day('response_day', 'dated.known_company_id', 'dated.first_response_at', 'dated.time_zone') }}
{{ join_business_day('ended_day', 'dated.known_company_id', 'stretches.first_ended_at', 'dated.time_zone') }}
where dated.opened_on <= {{ as_of_date() }}

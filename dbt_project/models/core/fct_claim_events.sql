-- One row per change of a claim by the run's as-of date.
with

companies as (

    select company_id, time_zone from {{ ref('dim_company') }}

),

claims as (

    select claim_id, company_id from {{ ref('fct_claims') }}

),

claim_events as (

    select
        source.*,
        coalesce(claims.company_id, 'unknown') as known_company_id
    from {{ ref('int_claim_events') }} as source
    left join claims on source.claim_id = claims.claim_id

),

dated as (

    select
        claim_events.*,
        {{ local_date('claim_events.occurred_at', "coalesce(companies.time_zone, 'UTC')") }} as occurred_on
    from claim_events
    left join companies on claim_events.known_company_id = companies.company_id

)

select
    dated.source_id,
    dated.source_system,
    dated.claim_event_id,
    dated.claim_id,
    dated.event_type,
    dated.occurred_at,
    dated.occurred_on,
    coalesce({{ resolved('employee', 'dated.employee_id') }}, 'unknown') as employee_id,
    dated.from_status,
    dated.to_status
from dated
where dated.occurred_on <= {{ as_of_date() }}

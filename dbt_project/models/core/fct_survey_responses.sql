-- One row per question answered by the run's as-of date.
with

companies as (

    select company_id, time_zone from {{ ref('dim_company') }}

),

survey_responses as (

    select
        source.*,
        coalesce({{ resolved('company', 'source.company_id') }}, 'unknown') as known_company_id
    from {{ ref('int_survey_responses') }} as source

),

dated as (

    select
        survey_responses.*,
        {{ local_date('survey_responses.answered_at', "coalesce(companies.time_zone, 'UTC')") }} as answered_on
    from survey_responses
    left join companies on survey_responses.known_company_id = companies.company_id

)

select
    dated.source_id,
    dated.source_system,
    dated.survey_response_id,
    dated.survey_invitation_id,
    dated.known_company_id as company_id,
    dated.survey,
    coalesce({{ resolved('customer', 'dated.customer_id') }}, 'unknown') as customer_id,
    dated.answered_at,
    dated.answered_on,
    dated.question,
    dated.score,
    dated.scale_minimum,
    dated.scale_maximum,
    coalesce({{ resolved('employee', 'dated.employee_id') }}, 'unknown') as employee_id,
    dated.comment
from dated
where dated.answered_on <= {{ as_of_date() }}

-- One row per invitation to answer a survey by the run's as-of date.
with

companies as (

    select company_id, time_zone from {{ ref('dim_company') }}

),

survey_invitations as (

    select
        source.*,
        coalesce({{ resolved('company', 'source.company_id') }}, 'unknown') as known_company_id
    from {{ ref('int_survey_invitations') }} as source

),

dated as (

    select
        survey_invitations.*,
        {{ local_date('survey_invitations.invited_at', "coalesce(companies.time_zone, 'UTC')") }} as invited_on
    from survey_invitations
    left join companies on survey_invitations.known_company_id = companies.company_id

)

select
    dated.source_id,
    dated.source_system,
    dated.survey_invitation_id,
    dated.known_company_id as company_id,
    dated.survey,
    coalesce({{ resolved('customer', 'dated.customer_id') }}, 'unknown') as customer_id,
    dated.invited_at,
    dated.invited_on,
    dated.channel
from dated
where dated.invited_on <= {{ as_of_date() }}

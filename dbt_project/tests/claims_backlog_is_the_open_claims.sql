-- The closing backlog of the as-of date, built from changes, is the number and age of the claims that are open.
with

open_claims as (

    select company_id, claim_reason, channel, count(*) as claims, sum(open_age_days) as age_days
    from {{ ref('fct_claims') }}
    where is_open
    group by 1, 2, 3

),

backlog as (

    select company_id, claim_reason, channel, closing_count as claims, closing_age_days as age_days
    from {{ ref('claims_daily') }}
    where date_day = {{ as_of_date() }} and closing_count > 0

)

select company_id, claim_reason, channel, sum(claims) as claims_missing, sum(age_days) as age_days_missing
from (
    select company_id, claim_reason, channel, claims, age_days from open_claims
    union all
    select company_id, claim_reason, channel, -claims, -age_days from backlog
) as both_sides
group by 1, 2, 3
having sum(claims) <> 0 or sum(age_days) <> 0

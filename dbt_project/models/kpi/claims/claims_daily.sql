-- One row per day, company, claim reason and channel on which a claim was open or moved:
-- opening + opened + reopened - closed = closing. Days on which nothing was open or moved are left out.
--
-- Everything is a cumulated change: a claim adds itself on the day it is opened or reopened, and takes
-- itself away on the day it is resolved or closed, whichever comes first.
with

days as (

    select distinct date_day from {{ ref('dim_date') }} where date_day <= {{ as_of_date() }}

),

claims as (

    select * from {{ ref('fct_claims') }}

),

intervals as (

    select
        intervals.claim_id,
        claims.company_id,
        claims.claim_reason,
        claims.channel,
        claims.opened_on as received_on,
        intervals.opening_number,
        intervals.opened_on,
        intervals.ended_on,
        {{ days_between("cast('1970-01-01' as date)", 'claims.opened_on') }} as received_day_number,
        {{ add_days('claims.opened_on', 31) }} as old_from
    from {{ ref('int_claim_intervals') }} as intervals
    inner join claims on intervals.claim_id = claims.claim_id

),

changes as (

    select
        opened_on as date_day,
        company_id,
        claim_reason,
        channel,
        case when opening_number = 1 then 1 else 0 end as opened,
        case when opening_number > 1 then 1 else 0 end as reopened,
        0 as closed,
        received_day_number as day_numbers,
        0 as old
    from intervals
    union all
    select ended_on, company_id, claim_reason, channel, 0, 0, 1, -received_day_number, 0
    from intervals
    where ended_on is not null
    union all
    select greatest(old_from, opened_on), company_id, claim_reason, channel, 0, 0, 0, 0, 1
    from intervals
    where ended_on is null or ended_on > greatest(old_from, opened_on)
    union all
    select ended_on, company_id, claim_reason, channel, 0, 0, 0, 0, -1
    from intervals
    where ended_on > greatest(old_from, opened_on)

),

first_days as (

    select company_id, claim_reason, channel, min(date_day) as first_day
    from changes
    group by 1, 2, 3

),

daily as (

    select
        days.date_day,
        first_days.company_id,
        first_days.claim_reason,
        first_days.channel,
        coalesce(sum(changes.opened), 0) as opened,
        coalesce(sum(changes.reopened), 0) as reopened,
        coalesce(sum(changes.closed), 0) as closed,
        coalesce(sum(changes.day_numbers), 0) as day_numbers,
        coalesce(sum(changes.old), 0) as old
    from first_days
    inner join days on first_days.first_day <= days.date_day
    left join changes
        on
            days.date_day = changes.date_day
            and first_days.company_id = changes.company_id
            and first_days.claim_reason = changes.claim_reason
            and first_days.channel = changes.channel
    group by 1, 2, 3, 4

),

cumulated as (

    select
        *,
        sum(opened + reopened - closed) over (
            partition by company_id, claim_reason, channel
            order by date_day
            rows between unbounded preceding and current row
        ) as closing,
        sum(day_numbers) over (
            partition by company_id, claim_reason, channel
            order by date_day
            rows between unbounded preceding and current row
        ) as open_day_numbers,
        sum(old) over (
            partition by company_id, claim_reason, channel
            order by date_day
            rows between unbounded preceding and current row
        ) as closing_old
    from daily

),

resolutions as (

    select
        first_resolved_on as date_day,
        company_id,
        claim_reason,
        channel,
        count(*) as resolved,
        sum({{ days_between('opened_on', 'first_resolved_on') }}) as days_to_resolve
    from claims
    where first_resolved_on is not null
    group by 1, 2, 3, 4

)

select
    cumulated.date_day,
    cumulated.company_id,
    cumulated.claim_reason,
    cumulated.channel,
    cast(cumulated.closing - cumulated.opened - cumulated.reopened + cumulated.closed as bigint) as opening_count,
    cast(cumulated.opened as bigint) as opened_count,
    cast(cumulated.reopened as bigint) as reopened_count,
    cast(cumulated.closed as bigint) as closed_count,
    cast(cumulated.closing as bigint) as closing_count,
    cast(cumulated.closing_old as bigint) as closing_over_30_days_count,
    cast(
        cumulated.closing * {{ days_between("cast('1970-01-01' as date)", 'cumulated.date_day') }}
        - cumulated.open_day_numbers as bigint
    ) as closing_age_days,
    {{ ratio(
        'cumulated.closing * ' ~ days_between("cast('1970-01-01' as date)", 'cumulated.date_day') ~ ' - cumulated.open_day_numbers',
        'cumulated.closing'
    ) }} as closing_average_age_days,
    cast(coalesce(resolutions.resolved, 0) as bigint) as first_resolved_count,
    cast(coalesce(resolutions.days_to_resolve, 0) as bigint) as first_resolution_days,
    {{ ratio('resolutions.days_to_resolve', 'resolutions.resolved') }} as first_resolution_average_days
from cumulated
left join resolutions
    on
        cumulated.date_day = resolutions.date_day
        and cumulated.company_id = resolutions.company_id
        and cumulated.claim_reason = resolutions.claim_reason
        and cumulated.channel = resolutions.channel
where cumulated.opened + cumulated.reopened + cumulated.closed > 0 or cumulated.closing <> 0

-- One row per claim and stretch of time in which it was open: from its receipt, or from being reopened,
-- until it was resolved or closed, whichever came first. Up to the run's as-of date.
with

companies as (

    select company_id, time_zone from {{ ref('int_companies') }}

),

claims as (

    select
        source.claim_id,
        coalesce({{ resolved('company', 'source.company_id') }}, 'unknown') as company_id,
        source.opened_at,
        least(source.resolved_at, source.closed_at) as ended_at
    from {{ ref('int_claims') }} as source

),

events as (

    select * from {{ ref('int_claim_events') }}

),

logged_marks as (

    select
        claim_id,
        occurred_at as marked_at,
        case
            when
                event_type in ('resolved', 'closed')
                or (event_type = 'status_changed' and to_status in ('resolved', 'closed'))
                then 0
            when
                event_type = 'reopened'
                or (
                    event_type = 'status_changed'
                    and from_status in ('resolved', 'closed')
                    and to_status not in ('resolved', 'closed')
                )
                then 1
        end as is_open
    from events

),

-- A claim whose log never says that it ended is taken at its own word.
ends_logged as (

    select distinct claim_id from logged_marks where is_open = 0

),

marks as (

    select claim_id, opened_at as marked_at, 1 as is_open, 0 as precedence
    from claims
    union all
    select claim_id, marked_at, is_open, 1
    from logged_marks
    where is_open is not null
    union all
    select claims.claim_id, claims.ended_at, 0, 1
    from claims
    left join ends_logged on claims.claim_id = ends_logged.claim_id
    where claims.ended_at is not null and ends_logged.claim_id is null

),

-- Business dates; what happened after the as-of date has not happened yet.
dated as (

    select
        marks.claim_id,
        claims.company_id,
        marks.is_open,
        marks.precedence,
        -- A claim cannot change before it was received, whatever the log's clock says.
        greatest(marks.marked_at, claims.opened_at) as marked_at,
        {{ local_date('greatest(marks.marked_at, claims.opened_at)', "coalesce(companies.time_zone, 'UTC')") }} as marked_on
    from marks
    inner join claims on marks.claim_id = claims.claim_id
    left join companies on claims.company_id = companies.company_id

),

known as (

    select
        *,
        lag(is_open) over (
            partition by claim_id order by marked_at asc, precedence asc, is_open desc
        ) as was_open
    from dated
    where marked_on <= {{ as_of_date() }}

),

-- Only real changes: a claim resolved, then closed, ended once.
turns as (

    select
        claim_id,
        company_id,
        is_open,
        marked_at,
        marked_on,
        row_number() over (partition by claim_id order by marked_at asc, precedence asc, is_open desc) as turn,
        lead(marked_at) over (partition by claim_id order by marked_at asc, precedence asc, is_open desc) as next_marked_at,
        lead(marked_on) over (partition by claim_id order by marked_at asc, precedence asc, is_open desc) as next_marked_on
    from known
    where was_open is null or was_open <> is_open

)

select
    claim_id,
    company_id,
    cast((turn + 1) / 2 as bigint) as opening_number,
    marked_at as opened_at,
    marked_on as opened_on,
    next_marked_at as ended_at,
    next_marked_on as ended_on
from turns
where is_open = 1

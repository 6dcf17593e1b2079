-- One row per thing that happened to a complaint: opened, and every status that it was loaded with.
with

claims as (
    select
        source_id,
        claim_id,
        opened_at,
        coalesce(resolved_at, closed_at) as ended_at
    from {{ ref('stg_tryton__claims') }}
),

complaints as (
    select * from {{ raw('tryton', 'sale_complaint') }}
),

versions as (
    select * from {{ raw_versions('tryton', 'sale_complaint') }}
),

status_map as (
    select * from {{ ref('claim_status_map') }}
    where system = 'tryton'
),

mapped as (
    select
        versions.*,
        {{ key('versions.source_id', 'sale.complaint', 'versions.id') }} as claim_id,
        coalesce(status_map.status, 'unknown') as status
    from versions
    left join status_map on versions.state = status_map.source_status
),

compared as (
    select
        *,
        lag(status) over (partition by claim_id order by _from_load) as previous_status,
        max(_from_load) over (partition by claim_id) as last_load
    from mapped
),

events as (
    select
        claims.source_id,
        claims.claim_id || '/opened' as claim_event_id,
        claims.claim_id,
        'opened' as event_type,
        claims.opened_at as occurred_at,
        {{ key('complaints.source_id', 'company.employee', 'complaints.submitted_by') }} as employee_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        'new' as to_status
    from claims
    inner join complaints
        on claims.claim_id = {{ key('complaints.source_id', 'sale.complaint', 'complaints.id') }}

    union all

    select
        compared.source_id,
        compared.claim_id || '/' || cast(compared._from_load as {{ dbt.type_string() }}) as claim_event_id,
        compared.claim_id,
        case
            when compared.status in ('resolved', 'closed') then compared.status
            when compared.previous_status in ('resolved', 'closed') then 'reopened'
            else 'status_changed'
        end as event_type,
        case
            when compared.status in ('resolved', 'closed') and compared._from_load = compared.last_load
                then coalesce(claims.ended_at, compared.changed_at)
            else compared.changed_at
        end as occurred_at,
        {{ key(
            'compared.source_id', 'company.employee',
            "case compared.state when 'rejected' then compared.rejected_by when 'cancelled' then compared.cancelled_by"
            ~ " when 'done' then compared.approved_by when 'approved' then compared.approved_by else compared.submitted_by end"
        ) }} as employee_id,
        coalesce(compared.previous_status, 'new') as from_status,
        compared.status as to_status
    from compared
    inner join claims on compared.claim_id = claims.claim_id
    where coalesce(compared.previous_status, 'new') <> compared.status
),

final as (
    select
        *,
        'tryton' as source_system
    from events
)

{{ conform('claim_events') }}

-- One row per thing that happened to a ticket: opened, answered, closed, and every status that it was loaded with.
with

claims as (
    select * from {{ ref('stg_dolibarr__claims') }}
),

tickets as (
    select * from {{ raw('dolibarr', 'llx_ticket') }}
),

versions as (
    select * from {{ raw_versions('dolibarr', 'llx_ticket') }}
),

status_map as (
    select * from {{ ref('claim_status_map') }}
    where system = 'dolibarr'
),

logged as (
    select * from {{ ref('stg_dolibarr__logged_events') }}
    where kind = 'ticket' and code = 'TICKET_MSG_SENTBYMAIL'
),

mapped as (
    select
        versions.*,
        {{ key('versions.source_id', 'ticket', 'versions.rowid') }} as claim_id,
        coalesce(status_map.status, 'unknown') as status
    from versions
    left join status_map on cast(versions.fk_statut as {{ dbt.type_string() }}) = status_map.source_status
),

compared as (
    select
        *,
        coalesce(lag(status) over (partition by claim_id order by _from_load), 'new') as previous_status,
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
        tickets.fk_user_create as user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        'new' as to_status
    from claims
    inner join tickets on claims.claim_id = {{ key('tickets.source_id', 'ticket', 'tickets.rowid') }}

    union all

    select
        logged.source_id,
        {{ key('logged.source_id', 'actioncomm', 'logged.id') }} as claim_event_id,
        claims.claim_id,
        'responded' as event_type,
        logged.occurred_at,
        logged.user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status
    from logged
    inner join claims on claims.claim_id = {{ key('logged.source_id', 'ticket', 'logged.document') }}

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
                then coalesce(claims.closed_at, compared.tms)
            else compared.tms
        end as occurred_at,
        -- Who changed it, Dolibarr does not say.
        cast(null as bigint) as user_id,
        compared.previous_status as from_status,
        compared.status as to_status
    from compared
    inner join claims on compared.claim_id = claims.claim_id
    where compared.previous_status <> compared.status
),

final as (
    select
        source_id,
        'dolibarr' as source_system,
        claim_event_id,
        claim_id,
        event_type,
        occurred_at,
        {{ key('source_id', 'user', 'nullif(user_id, 0)') }} as employee_id,
        from_status,
        to_status
    from events
)

{{ conform('claim_events') }}

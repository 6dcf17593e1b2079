-- One row per case.
with

cases as (
    select * from {{ raw('suitecrm', 'cases') }}
),

status_map as (
    select * from {{ ref('claim_status_map') }}
    where system = 'suitecrm'
),

reason_map as (
    {{ claim_reasons_of('suitecrm') }}
),

milestones as (
    select
        claim_id,
        min(case when event_type = 'responded' then occurred_at end) as first_response_at,
        max(
            case
                when
                    event_type in ('resolved', 'closed')
                    and coalesce(from_status, 'new') not in ('resolved', 'closed')
                    then occurred_at
            end
        ) as resolved_at,
        max(case when event_type = 'closed' then occurred_at end) as closed_at
    from {{ ref('stg_suitecrm__claim_events') }}
    group by claim_id
),

identified as (
    select
        cases.*,
        {{ key('cases.source_id', 'cases', 'cases.id') }} as claim_id,
        {{ suitecrm_case_status('status_map.status', ['cases.status', 'cases.state']) }} as claim_status
    from cases
    left join status_map on lower(trim(cases.status)) = status_map.source_status
),

final as (
    select
        identified.source_id,
        'suitecrm' as source_system,
        identified.claim_id,
        {{ reference('company', 'identified.source_id') }} as company_id,
        cast(identified.case_number as {{ dbt.type_string() }}) as claim_number,
        {{ key('identified.source_id', 'accounts', 'identified.account_id') }} as customer_id,
        coalesce(reason_map.reason, 'unknown') as reason,
        identified.type as source_reason,
        identified.claim_status as status,
        identified.status as source_status,
        case upper(identified.priority)
            when 'P1' then 'High'
            when 'P2' then 'Medium'
            when 'P3' then 'Low'
            else identified.priority
        end as priority,
        'unknown' as channel,
        {{ key('identified.source_id', 'users', 'identified.assigned_user_id') }} as owner_id,
        identified.date_entered as opened_at,
        milestones.first_response_at,
        case when identified.claim_status in ('resolved', 'closed') then milestones.resolved_at end as resolved_at,
        case when identified.claim_status = 'closed' then milestones.closed_at end as closed_at
    from identified
    left join milestones on identified.claim_id = milestones.claim_id
    left join reason_map on lower(trim(identified.type)) = reason_map.source_reason
)

{{ conform('claims', lacks=[
    'document_id', 'document_reference', 'document_line_id', 'product_id', 'carrier', 'cost_amount',
]) }}

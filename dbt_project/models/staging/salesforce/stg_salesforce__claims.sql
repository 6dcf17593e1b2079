-- One row per case.
with

cases as (
    select * from {{ raw('salesforce', 'case') }}
),

changes as (
    select * from {{ ref('stg_salesforce__claim_events') }}
),

status_map as (
    select * from {{ ref('claim_status_map') }}
    where system = 'salesforce'
),

reason_map as (
    {{ claim_reasons_of('salesforce') }}
),

channel_map as (
    select * from {{ ref('channel_map') }}
    where system = 'salesforce'
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
    from changes
    group by claim_id
),

identified as (
    select
        *,
        {{ key('source_id', 'case', 'id') }} as claim_id,
        -- The narrowest paper that the clerk named.
        coalesce(
            nullif(trim(delivery_reference__c), ''),
            nullif(trim(invoice_reference__c), ''),
            nullif(trim(order_reference__c), '')
        ) as document_reference
    from cases
),

final as (
    select
        identified.source_id,
        'salesforce' as source_system,
        identified.claim_id,
        {{ reference('company', 'identified.company__c') }} as company_id,
        identified.casenumber as claim_number,
        {{ key('identified.source_id', 'account', 'identified.accountid') }} as customer_id,
        {{ reference('document', 'identified.document_reference') }} as document_id,
        identified.document_reference,
        {{ reference('product', 'identified.product_code__c') }} as product_id,
        identified.carrier__c as carrier,
        coalesce(reason_map.reason, 'unknown') as reason,
        identified.reason as source_reason,
        coalesce(status_map.status, 'unknown') as status,
        identified.status as source_status,
        identified.priority,
        coalesce(channel_map.channel, 'unknown') as channel,
        -- Queues (00G…) are nobody.
        case
            when
                identified.ownerid not like '00G%'
                then {{ key('identified.source_id', 'user', 'identified.ownerid') }}
        end as owner_id,
        identified.createddate as opened_at,
        coalesce(identified.first_response__c, milestones.first_response_at) as first_response_at,
        case
            when status_map.status in ('resolved', 'closed')
                then coalesce(milestones.resolved_at, identified.closeddate)
        end as resolved_at,
        case
            when status_map.status = 'closed' then coalesce(identified.closeddate, milestones.closed_at)
        end as closed_at,
        identified.cost__c as cost_amount
    from identified
    left join milestones on identified.claim_id = milestones.claim_id
    left join status_map on lower(trim(identified.status)) = status_map.source_status
    left join reason_map on lower(trim(identified.reason)) = reason_map.source_reason
    left join channel_map on lower(trim(identified.origin)) = channel_map.source_channel
)

{{ conform('claims', lacks=['document_line_id']) }}

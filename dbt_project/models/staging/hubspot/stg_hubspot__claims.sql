-- One row per ticket.
with

tickets as (
    select * from {{ raw('hubspot', 'ticket') }}
),

changes as (
    select * from {{ ref('stg_hubspot__claim_events') }}
),

stages as (
    select * from {{ ref('stg_hubspot__stages') }}
),

reason_map as (
    {{ claim_reasons_of('hubspot') }}
),

channel_map as (
    select * from {{ ref('channel_map') }}
    where system = 'hubspot'
),

resolutions as (
    select
        claim_id,
        max(occurred_at) as resolved_at
    from changes
    where event_type in ('resolved', 'closed') and coalesce(from_status, 'new') not in ('resolved', 'closed')
    group by claim_id
),

identified as (
    select
        *,
        {{ key('source_id', 'ticket', 'id') }} as claim_id,
        -- The narrowest paper that the clerk named.
        coalesce(
            nullif(trim(delivery_reference), ''), nullif(trim(invoice_reference), ''), nullif(trim(order_reference), '')
        ) as document_reference
    from tickets
),

final as (
    select
        identified.source_id,
        'hubspot' as source_system,
        identified.claim_id,
        {{ reference('company', 'identified.company') }} as company_id,
        identified.id as claim_number,
        {{ key('identified.source_id', 'company', 'identified.company_id') }} as customer_id,
        {{ reference('document', 'identified.document_reference') }} as document_id,
        identified.document_reference,
        {{ reference('product', 'identified.product_code') }} as product_id,
        identified.carrier,
        coalesce(reason_map.reason, 'unknown') as reason,
        identified.hs_ticket_category as source_reason,
        coalesce(stages.status, 'unknown') as status,
        stages.label as source_status,
        identified.hs_ticket_priority as priority,
        coalesce(channel_map.channel, 'unknown') as channel,
        {{ key('identified.source_id', 'owner', 'identified.hubspot_owner_id') }} as owner_id,
        identified.createdate as opened_at,
        identified.first_agent_reply_date as first_response_at,
        case
            when stages.status in ('resolved', 'closed')
                then coalesce(resolutions.resolved_at, identified.closed_date)
        end as resolved_at,
        case when stages.status = 'closed' then identified.closed_date end as closed_at,
        identified.cost as cost_amount
    from identified
    left join stages
        on
            identified.source_id = stages.source_id
            and identified.hs_pipeline = stages.pipeline_id
            and identified.hs_pipeline_stage = stages.stage_id
    left join resolutions on identified.claim_id = resolutions.claim_id
    left join reason_map on lower(trim(identified.hs_ticket_category)) = reason_map.source_reason
    left join channel_map on lower(trim(identified.source_type)) = channel_map.source_channel
)

{{ conform('claims', lacks=['document_line_id']) }}

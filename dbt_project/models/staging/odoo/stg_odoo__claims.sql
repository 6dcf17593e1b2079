-- One row per ticket.
with

tickets as (
    select * from {{ raw('odoo', 'helpdesk_ticket') }}
),

stages as (
    {{ odoo_ticket_stages() }}
),

events as (
    select * from {{ ref('stg_odoo__claim_events') }}
),

partners as (
    select * from {{ raw('odoo', 'res_partner') }}
),

categories as (
    select * from {{ raw('odoo', 'helpdesk_ticket_category') }}
),

motives as (
    select * from {{ raw('odoo', 'helpdesk_ticket_motive') }}
),

channels as (
    select * from {{ raw('odoo', 'helpdesk_ticket_channel') }}
),

reason_map as (
    {{ claim_reasons_of('odoo') }}
),

channel_map as (
    select * from {{ ref('channel_map') }}
    where system = 'odoo'
),

milestones as (
    select
        claim_id,
        min(case when event_type = 'responded' then occurred_at end) as first_response_at,
        max(
            case
                when
                    to_status in ('resolved', 'closed')
                    and coalesce(from_status, 'new') not in ('resolved', 'closed')
                    then occurred_at
            end
        ) as resolved_at,
        max(case when to_status = 'closed' then occurred_at end) as closed_at
    from events
    group by claim_id
),

described as (
    select
        tickets.*,
        {{ key('tickets.source_id', 'helpdesk.ticket', 'tickets.id') }} as claim_id,
        coalesce(partners.commercial_partner_id, tickets.partner_id) as customer,
        -- The narrower of the two words for what it is about.
        coalesce({{ translated('motives.name') }}, {{ translated('categories.name') }}) as source_reason,
        {{ translated('channels.name') }} as source_channel,
        coalesce(stages.status, 'unknown') as status,
        stages.name as source_status
    from tickets
    left join stages
        on tickets.source_id = stages.source_id and tickets.stage_id = stages.stage_id
    left join partners
        on tickets.source_id = partners.source_id and tickets.partner_id = partners.id
    left join motives
        on tickets.source_id = motives.source_id and tickets.motive_id = motives.id
    left join categories
        on tickets.source_id = categories.source_id and tickets.category_id = categories.id
    left join channels
        on tickets.source_id = channels.source_id and tickets.channel_id = channels.id
),

final as (
    select
        described.source_id,
        'odoo' as source_system,
        described.claim_id,
        {{ key('described.source_id', 'res.company', 'described.company_id') }} as company_id,
        coalesce(described.number, cast(described.id as {{ dbt.type_string() }})) as claim_number,
        {{ key('described.source_id', 'res.partner', 'described.customer') }} as customer_id,
        {{ key('described.source_id', 'product.product', 'described.product_id') }} as product_id,
        coalesce(reason_map.reason, 'unknown') as reason,
        described.source_reason,
        described.status,
        described.source_status,
        case described.priority
            when '0' then 'Low'
            when '1' then 'Medium'
            when '2' then 'High'
            when '3' then 'Very High'
            else described.priority
        end as priority,
        coalesce(channel_map.channel, 'unknown') as channel,
        {{ key('described.source_id', 'res.users', 'described.user_id') }} as owner_id,
        described.create_date as opened_at,
        milestones.first_response_at,
        case
            when described.status in ('resolved', 'closed')
                then coalesce(milestones.resolved_at, described.closed_date, described.write_date)
        end as resolved_at,
        case
            when described.status = 'closed'
                then coalesce(milestones.closed_at, described.closed_date, described.write_date)
        end as closed_at
    from described
    left join milestones on described.claim_id = milestones.claim_id
    left join reason_map on lower(trim(described.source_reason)) = reason_map.source_reason
    left join channel_map on lower(trim(described.source_channel)) = channel_map.source_channel
)

{{ conform('claims', lacks=['document_id', 'document_reference', 'document_line_id', 'carrier', 'cost_amount']) }}

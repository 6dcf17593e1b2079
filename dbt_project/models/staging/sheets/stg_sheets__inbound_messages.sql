-- One row per request received by mail, telephone or the portal.
with

sheet as (
    select * from {{ raw('sheets', 'inbound_messages') }}
),

channel_map as (
    select * from {{ ref('channel_map') }}
    where system = 'sheets'
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ key('sheet.source_id', 'inbound.message', 'sheet.reference') }} as inbound_message_id,
        {{ reference('company', 'sheet.company') }} as company_id,
        coalesce(channel_map.channel, 'unknown') as channel,
        sheet.received_at,
        {{ reference('customer', 'sheet.customer_number') }} as customer_id,
        coalesce(nullif(lower(trim(sheet.message_type)), ''), 'other') as message_type,
        {{ reference('document', 'sheet.order_number') }} as document_id,
        coalesce(sheet.is_error, false) as is_error,
        sheet.error_code,
        sheet.resolved_at
    from sheet
    left join channel_map on lower(trim(sheet.channel)) = channel_map.source_channel
)

{{ conform('inbound_messages') }}

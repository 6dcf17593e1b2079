-- One row per piece of information looked up for a colleague.
with

sheet as (
    select * from {{ raw('sheets', 'information_lookups') }}
),

topic_map as (
    select * from {{ ref('interaction_topic_map') }}
    where system = 'sheets'
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ key('sheet.source_id', 'information.lookup', 'sheet.reference') }} as interaction_id,
        {{ reference('company', 'sheet.company') }} as company_id,
        sheet.occurred_at,
        'information_lookup' as interaction_type,
        case
            when nullif(trim(sheet.topic), '') is not null then coalesce(topic_map.topic, 'unknown')
        end as topic,
        {{ reference('customer', 'sheet.customer_number') }} as customer_id,
        {{ reference('employee', 'sheet.agent_login') }} as employee_id,
        {{ reference('employee', 'sheet.requester_login') }} as requester_id,
        {{ reference('document', 'sheet.order_number') }} as document_id,
        sheet.minutes
    from sheet
    left join topic_map on lower(trim(sheet.topic)) = topic_map.source_topic
)

{{ conform('interactions', lacks=['direction']) }}

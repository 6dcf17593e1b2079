-- One row per call, e-mail or task of the CRM that was carried out.
with

tasks as (
    select * from {{ raw('salesforce', 'task') }}
),

topic_map as (
    select * from {{ ref('interaction_topic_map') }} where system = 'salesforce'
),

final as (
    select
        tasks.source_id,
        'salesforce' as source_system,
        {{ key('tasks.source_id', 'task', 'tasks.Id') }} as interaction_id,
        {{ reference('company', 'tasks.Company__c') }} as company_id,
        tasks.CreatedDate as occurred_at,
        case
            when lower(tasks.TaskSubtype) = 'call' or lower(tasks.Type) = 'call' then 'call'
            when lower(tasks.TaskSubtype) in ('email', 'listemail') or lower(tasks.Type) in ('email', 'e-mail') then 'email'
            when lower(tasks.Type) = 'meeting' then 'meeting'
            when lower(tasks.Type) = 'chat' then 'chat'
            else 'task'
        end as interaction_type,
        case lower(tasks.CallType)
            when 'inbound' then 'inbound'
            when 'outbound' then 'outbound'
        end as direction,
        case
            when nullif(trim(tasks.Topic__c), '') is not null then coalesce(topic_map.topic, 'unknown')
        end as topic,
        {{ key('tasks.source_id', 'account', 'tasks.AccountId') }} as customer_id,
        case when tasks.OwnerId not like '00G%' then {{ key('tasks.source_id', 'user', 'tasks.OwnerId') }} end as employee_id,
        tasks.CallDurationInSeconds / 60.0 as minutes
    from tasks
    left join topic_map on lower(trim(tasks.Topic__c)) = topic_map.source_topic
)

{{ conform('interactions', lacks=['requester_id', 'document_id']) }}

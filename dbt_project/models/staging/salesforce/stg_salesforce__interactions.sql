-- One row per call, e-mail or task of the CRM that was carried out.
with

tasks as (
    select * from {{ raw('salesforce', 'task') }}
),

topic_map as (
    select * from {{ ref('interaction_topic_map') }}
    where system = 'salesforce'
),

final as (
    select
        tasks.source_id,
        'salesforce' as source_system,
        {{ key('tasks.source_id', 'task', 'tasks.id') }} as interaction_id,
        {{ reference('company', 'tasks.company__c') }} as company_id,
        tasks.createddate as occurred_at,
        case
            when lower(tasks.tasksubtype) = 'call' or lower(tasks.type) = 'call' then 'call'
            when
                lower(tasks.tasksubtype) in ('email', 'listemail') or lower(tasks.type) in ('email', 'e-mail')
                then 'email'
            when lower(tasks.type) = 'meeting' then 'meeting'
            when lower(tasks.type) = 'chat' then 'chat'
            else 'task'
        end as interaction_type,
        case lower(tasks.calltype)
            when 'inbound' then 'inbound'
            when 'outbound' then 'outbound'
        end as direction,
        case
            when nullif(trim(tasks.topic__c), '') is not null then coalesce(topic_map.topic, 'unknown')
        end as topic,
        {{ key('tasks.source_id', 'account', 'tasks.accountid') }} as customer_id,
        case
            when tasks.ownerid not like '00G%' then {{ key('tasks.source_id', 'user', 'tasks.ownerid') }}
        end as employee_id,
        tasks.calldurationinseconds / 60.0 as minutes
    from tasks
    left join topic_map on lower(trim(tasks.topic__c)) = topic_map.source_topic
)

{{ conform('interactions', lacks=['requester_id', 'document_id']) }}

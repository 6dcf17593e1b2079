-- One row per contact with a customer that somebody noted in the agenda and that took place.
with

events as (
    select * from {{ ref('stg_dolibarr__logged_events') }}
    where not is_automatic and third_party is not null and (percent = -1 or percent = 100)
),

final as (
    select
        source_id,
        'dolibarr' as source_system,
        {{ key('source_id', 'actioncomm', 'id') }} as interaction_id,
        company_id,
        occurred_at,
        case
            when code = 'TEL' then 'call'
            when code in ('RDV', 'INT') then 'meeting'
            else 'email'
        end as interaction_type,
        case code when 'EMAIL_IN' then 'inbound' when 'EMAIL' then 'outbound' when 'FAX' then 'outbound' end as direction,
        case kind
            when 'facture' then 'invoice'
            when 'commande' then 'order_status'
            when 'expedition' then 'delivery'
            when 'propal' then 'price'
            when 'product' then 'product'
            when 'ticket' then 'claim'
        end as topic,
        {{ key('source_id', 'societe', 'third_party') }} as customer_id,
        {{ key('source_id', 'user', 'nullif(user_id, 0)') }} as employee_id,
        case when kind in ('propal', 'commande', 'expedition', 'facture')
                then source_id || '/' || kind || '/' || cast(document as {{ dbt.type_string() }})
        end as document_id,
        minutes
    from events
    -- Other events are anything: before 3.5, even what Dolibarr logged by itself.
    where code in ('TEL', 'FAX', 'EMAIL', 'EMAIL_IN', 'RDV', 'INT')
)

{{ conform('interactions', lacks=['requester_id']) }}

{#
    The stages of tickets, with the status that each means: source_id, stage_id, name, status. Whether a
    stage is new or final, Odoo says itself; what else there is to know lies in its name.
#}
{% macro odoo_ticket_stages() -%}
    select
        stages.source_id,
        stages.id as stage_id,
        {{ translated('stages.name') }} as name,
        case
            when stages.closed and coalesce(map.status, 'closed') <> 'resolved' then 'closed'
            when stages.closed then 'resolved'
            when stages.unattended then 'new'
            when map.status = 'waiting_customer' then 'waiting_customer'
            else 'in_progress'
        end as status
    from {{ raw('odoo', 'helpdesk_ticket_stage') }} as stages
    left join {{ ref('claim_status_map') }} as map
        on map.system = 'odoo' and lower(trim({{ translated('stages.name') }})) = map.source_status
{%- endmacro %}

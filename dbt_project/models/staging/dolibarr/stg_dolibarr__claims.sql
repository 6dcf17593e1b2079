-- One row per ticket.
with

tickets as (
    select * from {{ raw('dolibarr', 'llx_ticket') }}
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

reason_map as (
    {{ claim_reasons_of('dolibarr') }}
),

status_map as (
    select * from {{ ref('claim_status_map') }}
    where system = 'dolibarr'
),

-- Documents are linked to tickets in either direction.
links as (
    select source_id, fk_source as ticket, {{ dolibarr_kind('targettype') }} as kind, fk_target as document
    from {{ raw('dolibarr', 'llx_element_element') }}
    where sourcetype = 'ticket'
    union all
    select source_id, fk_target as ticket, {{ dolibarr_kind('sourcetype') }} as kind, fk_source as document
    from {{ raw('dolibarr', 'llx_element_element') }}
    where targettype = 'ticket'
),

concerned as (
    select
        source_id,
        ticket,
        source_id || '/' || kind || '/' || cast(document as {{ dbt.type_string() }}) as document_id,
        row_number() over (
            partition by source_id, ticket
            order by case kind when 'facture' then 1 when 'expedition' then 2 when 'commande' then 3 else 4 end, document
        ) as preference
    from links
    where kind in ('propal', 'commande', 'expedition', 'facture')
),

answers as (
    select source_id, document as ticket, min(occurred_at) as first_response_at
    from {{ ref('stg_dolibarr__logged_events') }}
    where kind = 'ticket' and code = 'TICKET_MSG_SENTBYMAIL'
    group by source_id, document
),

final as (
    select
        tickets.source_id,
        'dolibarr' as source_system,
        {{ key('tickets.source_id', 'ticket', 'tickets.rowid') }} as claim_id,
        companies.company_id,
        tickets.ref as claim_number,
        {{ key('tickets.source_id', 'societe', 'nullif(tickets.fk_soc, 0)') }} as customer_id,
        concerned.document_id,
        coalesce(by_category.reason, by_type.reason, 'unknown') as reason,
        coalesce(nullif(nullif(tickets.category_code, ''), 'OTHER'), nullif(tickets.type_code, ''), nullif(tickets.category_code, '')) as source_reason,
        coalesce(status_map.status, 'unknown') as status,
        cast(tickets.fk_statut as {{ dbt.type_string() }}) as source_status,
        nullif(lower(tickets.severity_code), '') as priority,
        case when tickets.is_from_outside = 1 then 'email' else 'unknown' end as channel,
        {{ key('tickets.source_id', 'user', 'nullif(tickets.fk_user_assign, 0)') }} as owner_id,
        {{ utc_instant('tickets.datec', 'companies.time_zone') }} as opened_at,
        answers.first_response_at,
        case when tickets.fk_statut = 8 then coalesce({{ utc_instant('tickets.date_close', 'companies.time_zone') }}, tickets.tms) end
            as resolved_at,
        case when tickets.fk_statut in (8, 9) then coalesce({{ utc_instant('tickets.date_close', 'companies.time_zone') }}, tickets.tms) end
            as closed_at
    from tickets
    inner join companies
        on companies.company_id = {{ key('tickets.source_id', 'entity', 'tickets.entity') }}
    left join reason_map as by_category
        on lower(trim(tickets.category_code)) = by_category.source_reason and lower(trim(tickets.category_code)) <> 'other'
    left join reason_map as by_type on lower(trim(tickets.type_code)) = by_type.source_reason
    left join status_map on cast(tickets.fk_statut as {{ dbt.type_string() }}) = status_map.source_status
    left join concerned
        on tickets.source_id = concerned.source_id and tickets.rowid = concerned.ticket and concerned.preference = 1
    left join answers
        on tickets.source_id = answers.source_id and tickets.rowid = answers.ticket
    where tickets.datec is not null
)

{{ conform('claims', lacks=['document_reference', 'document_line_id', 'product_id', 'carrier', 'cost_amount']) }}

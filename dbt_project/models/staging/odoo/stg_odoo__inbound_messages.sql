-- One row per EDI message received.
with

records as (
    select *
    from {{ raw('odoo', 'edi_exchange_record') }}
    where coalesce(direction, 'input') = 'input'
),

orders as (
    select * from {{ raw('odoo', 'sale_order') }}
),

partners as (
    select * from {{ raw('odoo', 'res_partner') }}
),

told as (
    select * from {{ ref('stg_odoo__sale_orders') }}
),

first_companies as (
    select
        source_id,
        min(id) as company_id
    from {{ raw('odoo', 'res_company') }}
    group by source_id
),

-- When a message that had failed was processed after all, seen by comparing loads.
versions as (
    select
        source_id,
        id,
        min(case when edi_exchange_state like '%error%' or exchange_error is not null then _from_load end)
            as failed_load,
        min(case when edi_exchange_state not like '%error%' then write_date end) as processed_at
    from {{ raw_versions('odoo', 'edi_exchange_record') }}
    group by source_id, id
),

final as (
    select
        records.source_id,
        'odoo' as source_system,
        {{ key('records.source_id', 'edi.exchange.record', 'records.id') }} as inbound_message_id,
        {{ key(
            'records.source_id', 'res.company',
            'coalesce(records.company_id, orders.company_id, first_companies.company_id)'
        ) }} as company_id,
        'edi' as channel,
        coalesce(records.exchanged_on, records.create_date) as received_at,
        {{ key(
            'records.source_id', 'res.partner',
            'coalesce(partners.commercial_partner_id, orders.partner_id)'
        ) }} as customer_id,
        case when coalesce(records.model, 'sale.order') = 'sale.order' then 'order' else 'other' end
            as message_type,
        case
            when told.is_order then {{ key('records.source_id', 'sale.order', 'records.res_id') }}
            when told.was_quotation then {{ key('records.source_id', 'sale.quotation', 'records.res_id') }}
        end as document_id,
        records.exchange_error is not null
        or coalesce(records.edi_exchange_state, '') like '%error%' as is_error,
        records.exchange_error as error_code,
        case
            when
                (records.exchange_error is not null or versions.failed_load is not null)
                and coalesce(records.edi_exchange_state, '') not like '%error%'
                then coalesce(versions.processed_at, records.write_date)
        end as resolved_at
    from records
    left join first_companies on records.source_id = first_companies.source_id
    left join versions
        on records.source_id = versions.source_id and records.id = versions.id
    left join orders
        on
            records.source_id = orders.source_id
            and records.res_id = orders.id
            and records.model = 'sale.order'
    left join told
        on orders.source_id = told.source_id and orders.id = told.id
    left join partners
        on orders.source_id = partners.source_id and orders.partner_id = partners.id
)

{{ conform('inbound_messages') }}

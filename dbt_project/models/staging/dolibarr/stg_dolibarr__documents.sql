-- One row per quote, order, shipment, invoice, deposit invoice and credit note.
{{ config(materialized='table') }}

with

quotes as (
    select * from {{ ref('stg_dolibarr__quotes') }}
),

orders as (
    select * from {{ ref('stg_dolibarr__orders') }}
),

shipments as (
    select * from {{ ref('stg_dolibarr__shipments') }}
),

invoices as (
    select * from {{ ref('stg_dolibarr__invoices') }}
),

employees as (
    select * from {{ ref('stg_dolibarr__employees') }}
),

users as (
    select source_id, rowid, coalesce(fk_soc, 0) <> 0 as is_customer
    from {{ raw('dolibarr', 'llx_user') }}
),

origins as (
    select * from {{ ref('stg_dolibarr__document_origins') }}
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'dolibarr'
),

channel_map as (
    select * from {{ ref('channel_map') }}
    where system = 'dolibarr'
),

method_map as (
    select * from {{ ref('payment_method_map') }}
    where system = 'dolibarr'
),

input_reasons as (
    select * from {{ raw('dolibarr', 'llx_c_input_reason') }}
),

payment_modes as (
    select * from {{ raw('dolibarr', 'llx_c_paiement') }}
),

carriers as (
    select * from {{ raw('dolibarr', 'llx_c_shipment_mode') }}
),

incoterms as (
    select * from {{ raw('dolibarr', 'llx_c_incoterms') }}
),

warehouses as (
    select * from {{ raw('dolibarr', 'llx_entrepot') }}
),

-- The salesperson who follows a document up.
salespeople as (
    select
        contacts.source_id,
        parts.element as kind,
        contacts.element_id as document,
        min(contacts.fk_socpeople) as user_id
    from {{ raw('dolibarr', 'llx_element_contact') }} as contacts
    inner join {{ raw('dolibarr', 'llx_c_type_contact') }} as parts
        on contacts.source_id = parts.source_id and contacts.fk_c_type_contact = parts.rowid
    where parts.source = 'internal' and parts.code = 'SALESREPFOLL'
    group by contacts.source_id, parts.element, contacts.element_id
),

unified as (
    select
        source_id,
        'propal' as kind,
        quote as document,
        document_id,
        company_id,
        'quote' as document_type,
        ref,
        ref_client,
        cast(state as {{ dbt.type_string() }}) as map_status,
        state,
        third_party,
        author,
        input_reason,
        cast(null as {{ dbt.type_string() }}) as module_source,
        cast(null as {{ dbt.type_string() }}) as order_id,
        cast(null as {{ dbt.type_string() }}) as corrects_document_id,
        cast(null as {{ dbt.type_string() }}) as delivery_reason,
        cast(null as bigint) as incoterm,
        cast(null as bigint) as shipping_method,
        cast(null as bigint) as warehouse,
        payment_mode,
        payment_term,
        currency_code,
        amount_excl_tax,
        amount_incl_tax,
        company_amount_excl_tax,
        company_amount_incl_tax,
        quote_date as document_date,
        entered_at,
        cast(null as {{ dbt.type_timestamp() }}) as acknowledged_at,
        validated_at,
        sent_at,
        cast(null as {{ dbt.type_timestamp() }}) as shipped_at,
        closed_at,
        case when state = -1 then closed_at end as cancelled_at,
        cast(null as date) as first_confirmed_date,
        cast(null as date) as last_confirmed_date,
        valid_until
    from quotes

    union all

    select
        source_id,
        'commande' as kind,
        order_number as document,
        document_id,
        company_id,
        'order' as document_type,
        ref,
        ref_client,
        map_status,
        state,
        third_party,
        author,
        input_reason,
        module_source,
        cast(null as {{ dbt.type_string() }}) as order_id,
        cast(null as {{ dbt.type_string() }}) as corrects_document_id,
        cast(null as {{ dbt.type_string() }}) as delivery_reason,
        incoterm,
        shipping_method,
        warehouse,
        payment_mode,
        payment_term,
        currency_code,
        amount_excl_tax,
        amount_incl_tax,
        company_amount_excl_tax,
        company_amount_incl_tax,
        order_date as document_date,
        entered_at,
        acknowledged_at,
        validated_at,
        cast(null as {{ dbt.type_timestamp() }}) as sent_at,
        cast(null as {{ dbt.type_timestamp() }}) as shipped_at,
        coalesce(closed_at, cancelled_at) as closed_at,
        cancelled_at,
        first_confirmed_date,
        last_confirmed_date,
        cast(null as date) as valid_until
    from orders

    union all

    select
        source_id,
        'expedition' as kind,
        shipment as document,
        document_id,
        company_id,
        'delivery_note' as document_type,
        ref,
        ref_customer as ref_client,
        cast(state as {{ dbt.type_string() }}) as map_status,
        state,
        third_party,
        author,
        cast(null as bigint) as input_reason,
        cast(null as {{ dbt.type_string() }}) as module_source,
        order_id,
        cast(null as {{ dbt.type_string() }}) as corrects_document_id,
        'sale' as delivery_reason,
        incoterm,
        shipping_method,
        cast(null as bigint) as warehouse,
        cast(null as bigint) as payment_mode,
        cast(null as bigint) as payment_term,
        currency_code,
        amount_excl_tax,
        cast(null as decimal(18, 4)) as amount_incl_tax,
        company_amount_excl_tax,
        cast(null as decimal(18, 4)) as company_amount_incl_tax,
        shipment_date as document_date,
        entered_at,
        cast(null as {{ dbt.type_timestamp() }}) as acknowledged_at,
        case when state > 0 then validated_at end as validated_at,
        cast(null as {{ dbt.type_timestamp() }}) as sent_at,
        shipped_at,
        coalesce(shipped_at, cancelled_at) as closed_at,
        cancelled_at,
        cast(null as date) as first_confirmed_date,
        planned_date as last_confirmed_date,
        cast(null as date) as valid_until
    from shipments

    union all

    select
        source_id,
        'facture' as kind,
        invoice as document,
        document_id,
        company_id,
        document_type,
        ref,
        ref_client,
        map_status,
        state,
        third_party,
        author,
        cast(null as bigint) as input_reason,
        module_source,
        cast(null as {{ dbt.type_string() }}) as order_id,
        case when document_type = 'credit_note' then {{ key('source_id', 'facture', 'corrected_invoice') }} end as corrects_document_id,
        cast(null as {{ dbt.type_string() }}) as delivery_reason,
        incoterm,
        cast(null as bigint) as shipping_method,
        cast(null as bigint) as warehouse,
        payment_mode,
        payment_term,
        currency_code,
        amount_excl_tax,
        amount_incl_tax,
        company_amount_excl_tax,
        company_amount_incl_tax,
        invoice_date as document_date,
        entered_at,
        cast(null as {{ dbt.type_timestamp() }}) as acknowledged_at,
        validated_at,
        sent_at,
        cast(null as {{ dbt.type_timestamp() }}) as shipped_at,
        closed_at,
        case when map_status = '3:replaced' then closed_at end as cancelled_at,
        cast(null as date) as first_confirmed_date,
        cast(null as date) as last_confirmed_date,
        cast(null as date) as valid_until
    from invoices
),

final as (
    select
        unified.source_id,
        'dolibarr' as source_system,
        unified.document_id,
        unified.company_id,
        unified.document_type,
        {{ dolibarr_number('unified.ref') }} as document_number,
        nullif(trim(unified.ref_client), '') as customer_reference,
        coalesce(status_map.status, 'unknown') as status,
        cast(unified.state as {{ dbt.type_string() }}) as source_status,
        case
            when unified.kind in ('expedition', 'facture') and coalesce(unified.order_id, origins.origin_id, unified.corrects_document_id) is not null
                then 'generated'
            when by_module.channel is not null then by_module.channel
            when by_reason.channel is not null then by_reason.channel
            when coalesce(users.is_customer, false) then 'portal'
            when unified.author is null or coalesce(employees.is_technical_user, false) then 'unknown'
            -- It came some way, which nobody translated.
            when input_reasons.code is not null or nullif(unified.module_source, '') is not null then 'unknown'
            else 'manual'
        end as channel,
        {{ key('unified.source_id', 'societe', 'unified.third_party') }} as sold_to_customer_id,
        {{ key('unified.source_id', 'societe', 'unified.third_party') }} as ship_to_customer_id,
        {{ key('unified.source_id', 'societe', 'unified.third_party') }} as payer_customer_id,
        {{ key('unified.source_id', 'user', 'unified.author') }} as agent_id,
        {{ key('unified.source_id', 'user', 'salespeople.user_id') }} as salesperson_id,
        coalesce(unified.order_id, origins.origin_id) as generated_from_document_id,
        unified.corrects_document_id,
        unified.delivery_reason,
        false as is_backorder,
        incoterms.code as incoterm,
        carriers.libelle as carrier,
        warehouses.ref as site,
        method_map.payment_method,
        {{ key('unified.source_id', 'payment_term', 'nullif(unified.payment_term, 0)') }} as payment_term_id,
        unified.currency_code,
        unified.amount_excl_tax,
        unified.amount_incl_tax - unified.amount_excl_tax as amount_tax,
        unified.amount_incl_tax,
        unified.company_amount_excl_tax,
        unified.company_amount_incl_tax,
        unified.document_date,
        unified.entered_at,
        unified.acknowledged_at,
        unified.validated_at,
        unified.sent_at,
        unified.shipped_at,
        unified.closed_at,
        unified.cancelled_at,
        unified.first_confirmed_date,
        unified.last_confirmed_date,
        unified.valid_until
    from unified
    left join status_map
        on
            unified.kind = status_map.source_type
            and unified.document_type = status_map.document_type
            and unified.map_status = status_map.source_status
    left join origins
        on
            unified.source_id = origins.source_id
            and unified.kind = origins.kind
            and unified.document = origins.document
    left join users
        on unified.source_id = users.source_id and unified.author = users.rowid
    left join employees
        on employees.employee_id = {{ key('unified.source_id', 'user', 'unified.author') }}
    left join salespeople
        on
            unified.source_id = salespeople.source_id
            and unified.kind = salespeople.kind
            and unified.document = salespeople.document
    left join input_reasons
        on unified.source_id = input_reasons.source_id and unified.input_reason = input_reasons.rowid
    left join channel_map as by_reason on lower(trim(input_reasons.code)) = by_reason.source_channel
    left join channel_map as by_module on lower(trim(unified.module_source)) = by_module.source_channel
    left join payment_modes
        on unified.source_id = payment_modes.source_id and unified.payment_mode = payment_modes.id
    left join method_map on lower(trim(payment_modes.code)) = method_map.source_method
    left join carriers
        on unified.source_id = carriers.source_id and unified.shipping_method = carriers.rowid
    left join incoterms
        on unified.source_id = incoterms.source_id and unified.incoterm = incoterms.rowid
    left join warehouses
        on unified.source_id = warehouses.source_id and unified.warehouse = warehouses.rowid
)

{{ conform('documents', lacks=[
    'team', 'reason', 'backorder_of_document_id', 'received_at', 'cancelled_by', 'requested_date', 'last_told_date',
]) }}

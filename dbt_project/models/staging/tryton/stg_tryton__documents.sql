-- One row per quotation, order, preparation, delivery note, return, invoice, deposit invoice and credit note.
-- An offer that was accepted gives a quote and an order; a shipment that left, a preparation and a delivery note.
{{ config(materialized='table') }}

with

sales as (
    select * from {{ ref('stg_tryton__sales') }}
),

moves as (
    select * from {{ ref('stg_tryton__shipment_moves') }}
),

invoices as (
    select * from {{ ref('stg_tryton__invoices') }}
),

companies as (
    select * from {{ ref('stg_tryton__companies') }}
),

complaints as (
    select * from {{ ref('stg_tryton__complaint_origins') }}
),

locations as (
    select * from {{ raw('tryton', 'stock_location') }}
),

incoterms as (
    select * from {{ raw('tryton', 'incoterm_incoterm') }}
),

carriers as (
    select
        carriers.source_id,
        carriers.id,
        parties.name
    from {{ raw('tryton', 'carrier') }} as carriers
    inner join {{ raw('tryton', 'party_party') }} as parties
        on carriers.source_id = parties.source_id and carriers.party = parties.id
),

users as (
    select * from {{ ref('stg_tryton__users') }}
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'tryton'
),

described_sales as (
    select
        sales.*,
        case
            when sales.complaint_id is not null then 'generated'
            when sales.web_shop is not null then 'web'
            when sales.user_channel is not null then sales.user_channel
            when sales.is_technical_user then 'unknown'
            when sales.create_uid is not null then 'manual'
            else 'unknown'
        end as channel,
        complaints.sale_id as complained_sale_id,
        {{ local_date('sales.create_date', 'sales.time_zone') }} as created_on
    from sales
    left join complaints
        on sales.source_id = complaints.source_id and sales.complaint_id = complaints.complaint_id
),

sale_documents as (
    select
        source_id,
        id,
        'sale.sale' as source_type,
        {{ key('source_id', 'sale.quotation', 'id') }} as document_id,
        'quote' as document_type,
        case when is_order then 'won' when expired_at is not null then 'expired' else state end as map_status,
        cast(null as {{ dbt.type_string() }}) as generated_from_document_id,
        least(quotation_date, sale_date, created_on) as document_date,
        entered_at,
        cast(null as {{ dbt.type_timestamp() }}) as validated_at,
        quoted_at as sent_at,
        case when is_order then validated_at when state = 'cancelled' then coalesce(cancelled_at, changed_at) else expired_at end
            as closed_at,
        case when state = 'cancelled' and not is_order then coalesce(cancelled_at, changed_at) end as cancelled_at,
        valid_until,
        {{ key('source_id', 'company.employee', 'quoted_by') }} as agent_id
    from described_sales
    where was_quotation

    union all

    select
        source_id,
        id,
        'sale.sale' as source_type,
        {{ key('source_id', 'sale.sale', 'id') }} as document_id,
        'order' as document_type,
        order_status as map_status,
        case when was_quotation then {{ key('source_id', 'sale.quotation', 'id') }} end as generated_from_document_id,
        coalesce(sale_date, {{ local_date('validated_at', 'time_zone') }}, created_on) as document_date,
        case when was_quotation then validated_at else entered_at end as entered_at,
        validated_at,
        cast(null as {{ dbt.type_timestamp() }}) as sent_at,
        case
            when state = 'cancelled' then coalesce(cancelled_at, changed_at)
            when order_status in ('done', 'processing:invoiced', 'processing:closed_short')
                then {{ utc_instant('cast(status_on as timestamp)', 'time_zone') }}
        end as closed_at,
        case when state = 'cancelled' then coalesce(cancelled_at, changed_at) end as cancelled_at,
        cast(null as date) as valid_until,
        {{ key('source_id', 'company.employee', 'coalesce(confirmed_by, quoted_by)') }} as agent_id
    from described_sales
    where is_order
),

shipments as (
    select
        source_id,
        id,
        false as is_return,
        company,
        customer,
        number,
        state,
        effective_date,
        planned_date,
        warehouse,
        carrier,
        incoterm,
        create_uid,
        create_date,
        changed_at
    from {{ raw('tryton', 'stock_shipment_out') }}
    union all
    select
        source_id,
        id,
        true as is_return,
        company,
        customer,
        number,
        state,
        effective_date,
        planned_date,
        warehouse,
        carrier,
        incoterm,
        create_uid,
        create_date,
        changed_at
    from {{ raw('tryton', 'stock_shipment_out_return') }}
),

carried as (
    select
        source_id,
        shipment_id,
        is_return,
        min(sale_id) as sale_id,
        max(previous_shipment_id) as previous_shipment_id,
        sum(quantity * coalesce(unit_price, 0)) as amount
    from moves
    group by source_id, shipment_id, is_return
),

described_shipments as (
    select
        shipments.*,
        companies.company_id,
        companies.time_zone,
        companies.currency_code as company_currency_code,
        carried.sale_id,
        carried.previous_shipment_id,
        coalesce(sales.currency_code, companies.currency_code) as currency_code,
        coalesce(sales.conversion, 1) as conversion,
        coalesce(carried.amount, 0) as amount,
        {{ key('shipments.source_id', 'sale.sale', 'carried.sale_id') }} as order_id,
        {{ key('sales.source_id', 'sale.sale', 'complaints.sale_id') }} as returned_order_id,
        {{ key('sales.source_id', 'party.party', 'sales.party') }} as sold_to_customer_id,
        {{ entered_instant('shipments.effective_date', 'shipments.create_date', 'companies.time_zone') }} as entered_at,
        case when shipments.state in ('shipped', 'done')
                then {{ stated_instant('shipments.effective_date', 'shipments.changed_at', 'companies.time_zone') }}
        end as shipped_at,
        case when shipments.state = 'cancelled' then shipments.changed_at end as cancelled_at,
        coalesce(
            shipments.effective_date,
            shipments.planned_date,
            {{ local_date('shipments.create_date', 'companies.time_zone') }}
        ) as document_date
    from shipments
    inner join companies
        on companies.company_id = {{ key('shipments.source_id', 'company.company', 'shipments.company') }}
    left join carried
        on
            shipments.source_id = carried.source_id
            and shipments.id = carried.shipment_id
            and shipments.is_return = carried.is_return
    left join sales
        on carried.source_id = sales.source_id and carried.sale_id = sales.id
    left join complaints
        on sales.source_id = complaints.source_id and sales.complaint_id = complaints.complaint_id
),

shipment_documents as (
    select
        *,
        'stock.shipment.out' as source_type,
        {{ key('source_id', 'stock.preparation', 'id') }} as document_id,
        'preparation' as document_type,
        order_id as generated_from_document_id,
        cast(null as {{ dbt.type_string() }}) as corrects_document_id,
        {{ key('source_id', 'stock.preparation', 'previous_shipment_id') }} as backorder_of_document_id,
        cast(null as {{ dbt.type_string() }}) as delivery_reason
    from described_shipments
    where not is_return

    union all

    select
        *,
        'stock.shipment.out' as source_type,
        {{ key('source_id', 'stock.shipment.out', 'id') }} as document_id,
        'delivery_note' as document_type,
        coalesce(order_id, {{ key('source_id', 'stock.preparation', 'id') }}) as generated_from_document_id,
        cast(null as {{ dbt.type_string() }}) as corrects_document_id,
        {{ key('source_id', 'stock.shipment.out', 'previous_shipment_id') }} as backorder_of_document_id,
        'sale' as delivery_reason
    from described_shipments
    where not is_return and state in ('shipped', 'done')

    union all

    select
        *,
        'stock.shipment.out.return' as source_type,
        {{ key('source_id', 'stock.shipment.out.return', 'id') }} as document_id,
        'return' as document_type,
        order_id as generated_from_document_id,
        coalesce(returned_order_id, order_id) as corrects_document_id,
        cast(null as {{ dbt.type_string() }}) as backorder_of_document_id,
        'return' as delivery_reason
    from described_shipments
    where is_return
),

described_invoices as (
    select
        invoices.*,
        users.employee as creator,
        sales.party as sale_party,
        sales.shipment_party as sale_shipment_party,
        sales.reference as sale_reference,
        sales.source_id is not null as has_sale,
        {{ local_date('invoices.create_date', 'invoices.time_zone') }} as created_on
    from invoices
    left join users
        on invoices.source_id = users.source_id and invoices.create_uid = users.id
    left join sales
        on invoices.source_id = sales.source_id and invoices.sale_id = sales.id
),

unified as (
    select
        documents.source_id,
        documents.source_type,
        documents.document_id,
        sales.company_id,
        documents.document_type,
        sales.number as document_number,
        sales.reference as customer_reference,
        documents.map_status,
        sales.state as source_status,
        sales.channel,
        {{ key('sales.source_id', 'party.party', 'sales.party') }} as sold_to_customer_id,
        {{ key('sales.source_id', 'party.party', 'coalesce(sales.shipment_party, sales.party)') }} as ship_to_customer_id,
        {{ key('sales.source_id', 'party.party', 'coalesce(sales.invoice_party, sales.party)') }} as payer_customer_id,
        documents.agent_id,
        documents.generated_from_document_id,
        {{ key('sales.source_id', 'sale.sale', 'sales.complained_sale_id') }} as corrects_document_id,
        cast(null as {{ dbt.type_string() }}) as backorder_of_document_id,
        cast(null as {{ dbt.type_string() }}) as delivery_reason,
        sales.incoterm,
        sales.carrier,
        sales.warehouse,
        sales.payment_term,
        sales.currency_code,
        sales.conversion,
        sales.amount_excl_tax,
        sales.tax_amount_cache as amount_tax,
        sales.total_amount_cache as amount_incl_tax,
        cast(null as decimal(18, 4)) as company_amount_incl_tax,
        documents.document_date,
        documents.entered_at,
        documents.validated_at,
        documents.sent_at,
        cast(null as {{ dbt.type_timestamp() }}) as shipped_at,
        documents.closed_at,
        documents.cancelled_at,
        coalesce(sales.first_shipping_date, sales.shipping_date) as first_confirmed_date,
        sales.shipping_date as last_confirmed_date,
        documents.valid_until
    from sale_documents as documents
    inner join described_sales as sales
        on documents.source_id = sales.source_id and documents.id = sales.id

    union all

    select
        source_id,
        source_type,
        document_id,
        company_id,
        document_type,
        number as document_number,
        cast(null as {{ dbt.type_string() }}) as customer_reference,
        state as map_status,
        state as source_status,
        case when sale_id is not null then 'generated' else 'manual' end as channel,
        coalesce(sold_to_customer_id, {{ key('source_id', 'party.party', 'customer') }}) as sold_to_customer_id,
        {{ key('source_id', 'party.party', 'customer') }} as ship_to_customer_id,
        cast(null as {{ dbt.type_string() }}) as payer_customer_id,
        cast(null as {{ dbt.type_string() }}) as agent_id,
        generated_from_document_id,
        corrects_document_id,
        backorder_of_document_id,
        delivery_reason,
        incoterm,
        carrier,
        warehouse,
        cast(null as bigint) as payment_term,
        currency_code,
        conversion,
        {{ money('amount') }} as amount_excl_tax,
        cast(null as decimal(18, 4)) as amount_tax,
        cast(null as decimal(18, 4)) as amount_incl_tax,
        cast(null as decimal(18, 4)) as company_amount_incl_tax,
        document_date,
        case when document_type = 'delivery_note' then coalesce(shipped_at, entered_at) else entered_at end as entered_at,
        cast(null as {{ dbt.type_timestamp() }}) as validated_at,
        cast(null as {{ dbt.type_timestamp() }}) as sent_at,
        shipped_at,
        coalesce(shipped_at, cancelled_at) as closed_at,
        cancelled_at,
        cast(null as date) as first_confirmed_date,
        case when document_type <> 'return' then planned_date end as last_confirmed_date,
        cast(null as date) as valid_until
    from shipment_documents

    union all

    select
        source_id,
        'account.invoice' as source_type,
        {{ key('source_id', 'account.invoice', 'id') }} as document_id,
        company_id,
        document_type,
        number as document_number,
        coalesce(sale_reference, reference) as customer_reference,
        state as map_status,
        state as source_status,
        case
            when has_sale or corrected_invoice_id is not null then 'generated'
            when create_uid is not null then 'manual'
            else 'unknown'
        end as channel,
        {{ key('source_id', 'party.party', 'coalesce(sale_party, party)') }} as sold_to_customer_id,
        {{ key('source_id', 'party.party', 'coalesce(sale_shipment_party, sale_party, party)') }} as ship_to_customer_id,
        {{ key('source_id', 'party.party', 'party') }} as payer_customer_id,
        {{ key('source_id', 'company.employee', 'creator') }} as agent_id,
        {{ key('source_id', 'sale.sale', 'sale_id') }} as generated_from_document_id,
        {{ key('source_id', 'account.invoice', 'corrected_invoice_id') }} as corrects_document_id,
        cast(null as {{ dbt.type_string() }}) as backorder_of_document_id,
        cast(null as {{ dbt.type_string() }}) as delivery_reason,
        cast(null as bigint) as incoterm,
        cast(null as bigint) as carrier,
        cast(null as bigint) as warehouse,
        payment_term,
        currency_code,
        -- Its value in the books, where it has one, says the rate.
        case
            when signed_company_total <> 0 and signed_total <> 0
                then cast(signed_company_total as double) / cast(signed_total as double)
            else conversion
        end as conversion,
        direction * signed_amount as amount_excl_tax,
        direction * tax_amount_cache as amount_tax,
        direction * signed_total as amount_incl_tax,
        direction * signed_company_total as company_amount_incl_tax,
        coalesce(invoice_date, created_on) as document_date,
        {{ entered_instant('invoice_date', 'create_date', 'time_zone') }} as entered_at,
        case when state in ('posted', 'paid') then {{ stated_instant('invoice_date', 'posted_at', 'time_zone') }} end as validated_at,
        cast(null as {{ dbt.type_timestamp() }}) as sent_at,
        cast(null as {{ dbt.type_timestamp() }}) as shipped_at,
        case
            when state = 'paid'
                then {{ utc_instant('cast(coalesce(settled_on, invoice_date) as timestamp)', 'time_zone') }}
            when state = 'cancelled' then changed_at
        end as closed_at,
        case when state = 'cancelled' then changed_at end as cancelled_at,
        cast(null as date) as first_confirmed_date,
        cast(null as date) as last_confirmed_date,
        cast(null as date) as valid_until
    from described_invoices
),

final as (
    select
        unified.source_id,
        'tryton' as source_system,
        unified.document_id,
        unified.company_id,
        unified.document_type,
        unified.document_number,
        unified.customer_reference,
        coalesce(status_map.status, 'unknown') as status,
        unified.source_status,
        unified.channel,
        unified.sold_to_customer_id,
        unified.ship_to_customer_id,
        unified.payer_customer_id,
        unified.agent_id,
        unified.generated_from_document_id,
        unified.corrects_document_id,
        unified.backorder_of_document_id,
        unified.delivery_reason,
        unified.backorder_of_document_id is not null as is_backorder,
        incoterms.code as incoterm,
        carriers.name as carrier,
        locations.name as site,
        {{ key('unified.source_id', 'account.invoice.payment_term', 'unified.payment_term') }} as payment_term_id,
        unified.currency_code,
        unified.amount_excl_tax,
        unified.amount_tax,
        unified.amount_incl_tax,
        {{ tryton_converted('unified.amount_excl_tax', 'unified.conversion') }} as company_amount_excl_tax,
        coalesce(
            unified.company_amount_incl_tax, {{ tryton_converted('unified.amount_incl_tax', 'unified.conversion') }}
        ) as company_amount_incl_tax,
        unified.document_date,
        unified.entered_at,
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
            unified.source_type = status_map.source_type
            and unified.document_type = status_map.document_type
            and unified.map_status = status_map.source_status
    left join incoterms
        on unified.source_id = incoterms.source_id and unified.incoterm = incoterms.id
    left join carriers
        on unified.source_id = carriers.source_id and unified.carrier = carriers.id
    left join locations
        on unified.source_id = locations.source_id and unified.warehouse = locations.id
)

{{ conform('documents', lacks=[
    'salesperson_id', 'team', 'reason', 'payment_method', 'received_at', 'acknowledged_at', 'cancelled_by',
    'requested_date', 'last_told_date',
]) }}

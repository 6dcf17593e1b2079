-- One row per quote, order, preparation, delivery note, return, invoice and credit note.
with

document_stages as (
    select * from {{ ref('stg_sage100__document_stages') }}
),

employees as (
    select * from {{ raw('sage100', 'F_COLLABORATEUR') }}
),

warehouses as (
    select * from {{ raw('sage100', 'F_DEPOT') }}
),

shippings as (
    select * from {{ raw('sage100', 'P_EXPEDITION') }}
),

channel_map as (
    select * from {{ ref('channel_map') }}
    where system = 'sage100'
),

steps as (
    select
        document_id,
        min(case when successor_stage = 1 then happened_at end) as first_ordered_at,
        max(case when successor_stage = 3 then happened_at end) as last_delivered_at,
        max(case when successor_stage = 3 then began_at end) as last_picked_at,
        max(case when successor_stage = 6 then happened_at end) as last_invoiced_at
    from {{ ref('stg_sage100__document_successors') }}
    group by document_id
),

line_dates as (
    select
        document_id,
        min(first_delivery_date) as first_delivery_date,
        max(last_delivery_date) as last_delivery_date
    from {{ ref('stg_sage100__lines') }}
    group by document_id
),

-- Which document a number given as origin or reference means: an invoice first, then what led to it.
named as (
    select
        source_id,
        piece,
        document_id,
        row_number() over (
            partition by source_id, piece order by case stage when 6 then 0 when 3 then 1 when 1 then 2 else 3 end
        ) as position
    from document_stages
    where stage in (1, 3, 6) and not is_credit_note
),

described as (
    select
        document_stages.*,
        case
            when document_stages.document_type in ('credit_note', 'return')
                then coalesce(originals.document_id, referred.document_id)
        end as corrected_document_id,
        employees.co_service as team,
        warehouses.de_intitule as site,
        shippings.e_intitule as carrier,
        steps.first_ordered_at,
        steps.last_delivered_at,
        steps.last_picked_at,
        steps.last_invoiced_at,
        {{ utc_instant('cast(document_stages.settled_on as timestamp)', 'document_stages.time_zone') }} as settled_at,
        line_dates.first_delivery_date,
        coalesce(line_dates.last_delivery_date, document_stages.delivery_date) as last_delivery_date,
        case
            when document_stages.previous_document_id is not null then 'generated'
            when document_stages.web_number is not null then 'web'
            when not document_stages.is_seen then 'unknown'
            else coalesce(channel_map.channel, 'manual')
        end as channel
    from document_stages
    left join employees
        on
            document_stages.source_id = employees.source_id
            and document_stages.salesperson_number = employees.co_no
    left join warehouses
        on
            document_stages.source_id = warehouses.source_id
            and document_stages.warehouse_number = warehouses.de_no
    left join shippings
        on
            document_stages.source_id = shippings.source_id
            and document_stages.shipping_number = shippings.cbindice
    left join channel_map on document_stages.creator = channel_map.source_channel
    left join line_dates on document_stages.document_id = line_dates.document_id
    left join steps on document_stages.document_id = steps.document_id
    left join named as originals
        on
            document_stages.source_id = originals.source_id
            and document_stages.original_piece = originals.piece
            and originals.position = 1
    left join named as referred
        on
            document_stages.source_id = referred.source_id
            and document_stages.customer_reference = referred.piece
            and referred.position = 1
),

final as (
    select
        source_id,
        'sage100' as source_system,
        document_id,
        company_id,
        document_type,
        piece as document_number,
        customer_reference,
        status,
        progress as source_status,
        channel,
        {{ key('source_id', 'F_COMPTET', 'customer_number') }} as sold_to_customer_id,
        {{ key('source_id', 'F_COMPTET', 'customer_number') }} as ship_to_customer_id,
        {{ key('source_id', 'F_COMPTET', 'coalesce(payer_number, customer_number)') }} as payer_customer_id,
        {{ key('source_id', 'F_COLLABORATEUR', 'salesperson_number') }} as salesperson_id,
        nullif(trim(team), '') as team,
        previous_document_id as generated_from_document_id,
        corrected_document_id as corrects_document_id,
        reason,
        case
            when document_type = 'return' then 'return'
            when document_type = 'delivery_note' and lines_excl_tax = 0 then 'free'
            when document_type = 'delivery_note' then 'sale'
        end as delivery_reason,
        -- What is left of a preparation; what is left of an order is its open lines.
        document_type = 'preparation' and is_remainder as is_backorder,
        carrier,
        site,
        {{ key('source_id', 'F_MODELER', 'nullif(term_number, 0)') }} as payment_term_id,
        currency_code,
        abs(coalesce(stated_excl_tax, lines_excl_tax)) as amount_excl_tax,
        abs(coalesce(stated_incl_tax, lines_incl_tax)) - abs(coalesce(stated_excl_tax, lines_excl_tax)) as amount_tax,
        abs(coalesce(stated_incl_tax, lines_incl_tax)) as amount_incl_tax,
        abs(coalesce(stated_excl_tax, lines_excl_tax)) as company_amount_excl_tax,
        abs(coalesce(stated_incl_tax, lines_incl_tax)) as company_amount_incl_tax,
        document_date,
        began_at as entered_at,
        case
            when document_type in ('delivery_note', 'return', 'preparation') then began_at
            when is_valid then validated_at
        end as validated_at,
        case when document_type in ('delivery_note', 'return') then began_at end as shipped_at,
        case
            when is_deleted then deleted_at
            when status = 'closed_short' then coalesce(dropped_at, last_delivered_at)
            when document_type = 'order' and status = 'invoiced' then greatest(last_invoiced_at, coalesce(last_delivered_at, last_invoiced_at))
            -- Of what was picked, only a time that is known may be measured.
            when document_type = 'preparation' and status = 'shipped' then last_picked_at
            when document_type = 'quote' and status = 'settled' then first_ordered_at
            when document_type in ('delivery_note', 'return') then began_at
            when status = 'settled' then greatest(settled_at, happened_at)
        end as closed_at,
        case when is_deleted then deleted_at end as cancelled_at,
        first_delivery_date as first_confirmed_date,
        last_delivery_date as last_confirmed_date
    from described
)

{{ conform('documents', lacks=[
    'agent_id', 'backorder_of_document_id', 'incoterm', 'payment_method', 'received_at', 'acknowledged_at', 'sent_at',
    'cancelled_by', 'requested_date', 'last_told_date', 'valid_until',
]) }}

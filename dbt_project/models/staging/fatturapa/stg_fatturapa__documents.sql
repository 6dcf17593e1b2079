-- One row per invoice, deposit invoice, credit note, and delivery note that an invoice names.
with

invoices as (
    select * from {{ ref('stg_fatturapa__invoices') }}
),

lines as (
    select * from {{ ref('stg_fatturapa__lines') }}
    where document_type = 'invoice' and status <> 'rejected' and delivery_note_id is not null
),

related as (
    select * from {{ raw('fatturapa', 'DatiDocumentiCorrelati') }}
),

orders as (
    select
        source_id,
        file,
        posizionefattura,
        iddocumento as order_number,
        row_number() over (partition by source_id, file, posizionefattura order by posizione) as place
    from related
    where elemento = 'DatiOrdineAcquisto'
),

corrections as (
    select
        notes.document_id,
        corrected.document_id as corrected_document_id,
        row_number() over (
            partition by notes.document_id order by related.posizione asc, corrected.document_date desc, corrected.document_id asc
        ) as place
    from invoices as notes
    inner join related
        on
            notes.source_id = related.source_id
            and notes.file = related.file
            and notes.position = related.posizionefattura
            and related.elemento = 'DatiFattureCollegate'
    inner join invoices as corrected
        on
            notes.company_id = corrected.company_id
            and lower(related.iddocumento) = lower(corrected.number)
            and coalesce(related.data, corrected.document_date) = corrected.document_date
            and notes.document_date >= corrected.document_date
            and notes.document_id <> corrected.document_id
            and corrected.document_type <> 'credit_note'
            and corrected.status <> 'rejected'
    where notes.document_type = 'credit_note'
),

delivered_by as (
    select
        document_id,
        min(delivery_note_id) as delivery_note_id
    from lines
    group by document_id
    having count(distinct delivery_note_id) = 1
),

delivery_notes as (
    select
        lines.source_id,
        lines.delivery_note_id as document_id,
        lines.company_id,
        min(lines.note_number) as document_number,
        min(lines.note_date) as document_date,
        min(lines.customer_id) as customer_id,
        min(invoices.time_zone) as time_zone,
        min(invoices.currency_code) as currency_code,
        min(invoices.carrier) as carrier,
        sum(lines.amount) as amount_excl_tax
    from lines
    inner join invoices on lines.document_id = invoices.document_id
    group by lines.source_id, lines.delivery_note_id, lines.company_id
),

unified as (
    select
        invoices.source_id,
        invoices.document_id,
        invoices.company_id,
        invoices.document_type,
        invoices.number as document_number,
        orders.order_number as customer_reference,
        invoices.status,
        invoices.source_status,
        invoices.customer_id,
        delivered_by.delivery_note_id as generated_from_document_id,
        corrections.corrected_document_id as corrects_document_id,
        case when invoices.document_type = 'credit_note' then invoices.reason end as reason,
        cast(null as {{ dbt.type_string() }}) as delivery_reason,
        invoices.carrier,
        invoices.currency_code,
        invoices.amount_excl_tax,
        invoices.amount_tax,
        invoices.amount_incl_tax,
        invoices.document_date,
        case
            when invoices.status <> 'rejected'
                then
                    coalesce(
                        invoices.received_at,
                        {{ utc_instant('cast(invoices.document_date as timestamp)', 'invoices.time_zone') }}
                    )
        end as validated_at,
        invoices.received_at as sent_at,
        cast(null as {{ dbt.type_timestamp() }}) as shipped_at,
        case when invoices.status = 'rejected' then invoices.rejected_at end as closed_at
    from invoices
    left join orders
        on
            invoices.source_id = orders.source_id
            and invoices.file = orders.file
            and invoices.position = orders.posizionefattura
            and orders.place = 1
    left join corrections on invoices.document_id = corrections.document_id and corrections.place = 1
    left join delivered_by on invoices.document_id = delivered_by.document_id

    union all

    select
        source_id,
        document_id,
        company_id,
        'delivery_note' as document_type,
        document_number,
        cast(null as {{ dbt.type_string() }}) as customer_reference,
        'invoiced' as status,
        cast(null as {{ dbt.type_string() }}) as source_status,
        customer_id,
        cast(null as {{ dbt.type_string() }}) as generated_from_document_id,
        cast(null as {{ dbt.type_string() }}) as corrects_document_id,
        cast(null as {{ dbt.type_string() }}) as reason,
        'sale' as delivery_reason,
        carrier,
        currency_code,
        amount_excl_tax,
        cast(null as decimal(18, 4)) as amount_tax,
        cast(null as decimal(18, 4)) as amount_incl_tax,
        document_date,
        {{ utc_instant('cast(document_date as timestamp)', 'time_zone') }} as validated_at,
        cast(null as {{ dbt.type_timestamp() }}) as sent_at,
        {{ utc_instant('cast(document_date as timestamp)', 'time_zone') }} as shipped_at,
        {{ utc_instant('cast(document_date as timestamp)', 'time_zone') }} as closed_at
    from delivery_notes
),

final as (
    select
        source_id,
        'fatturapa' as source_system,
        document_id,
        company_id,
        document_type,
        document_number,
        customer_reference,
        status,
        source_status,
        case when generated_from_document_id is not null then 'generated' else 'unknown' end as channel,
        customer_id as sold_to_customer_id,
        customer_id as ship_to_customer_id,
        customer_id as payer_customer_id,
        generated_from_document_id,
        corrects_document_id,
        reason,
        delivery_reason,
        false as is_backorder,
        carrier,
        currency_code,
        amount_excl_tax,
        amount_tax,
        amount_incl_tax,
        amount_excl_tax as company_amount_excl_tax,
        amount_incl_tax as company_amount_incl_tax,
        document_date,
        validated_at,
        sent_at,
        shipped_at,
        closed_at
    from unified
)

{{ conform('documents', lacks=[
    'agent_id', 'salesperson_id', 'team', 'backorder_of_document_id', 'incoterm', 'site', 'payment_method', 'payment_term_id',
    'received_at', 'entered_at', 'acknowledged_at', 'cancelled_at', 'cancelled_by', 'requested_date', 'first_confirmed_date',
    'last_confirmed_date', 'last_told_date', 'valid_until',
]) }}

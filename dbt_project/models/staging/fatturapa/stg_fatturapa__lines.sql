-- One row per line of an invoice or credit note, with the delivery note that it names, where it is one alone.
with

invoices as (
    select * from {{ ref('stg_fatturapa__invoices') }}
),

lines as (
    select * from {{ raw('fatturapa', 'DettaglioLinee') }}
),

delivery_notes as (
    select
        *,
        count(*) over (partition by source_id, file, posizionefattura) as notes
    from {{ raw('fatturapa', 'DatiDDT') }}
),

-- A note without lines stands for all of them, unless there are others beside it.
delivered as (
    select
        lines.source_id,
        lines.file,
        lines.posizionefattura,
        lines.posizione,
        min(delivery_notes.numeroddt) as note_number,
        min(delivery_notes.dataddt) as note_date
    from lines
    inner join delivery_notes
        on
            lines.source_id = delivery_notes.source_id
            and lines.file = delivery_notes.file
            and lines.posizionefattura = delivery_notes.posizionefattura
            and (
                (delivery_notes.riferimentonumerolinea is null and delivery_notes.notes = 1)
                or {{ fatturapa_names_line('delivery_notes.riferimentonumerolinea', 'lines.numerolinea') }}
            )
    group by lines.source_id, lines.file, lines.posizionefattura, lines.posizione
    having count(distinct delivery_notes.numeroddt || '/' || cast(delivery_notes.dataddt as {{ dbt.type_string() }})) = 1
)

select
    lines.source_id,
    invoices.document_id,
    invoices.company_id,
    invoices.customer_id,
    invoices.document_type,
    invoices.status,
    invoices.direction,
    {{ key('invoices.document_id', 'DettaglioLinee', 'lines.posizione') }} as line_id,
    lines.posizione as position,
    lines.numerolinea as line_number,
    lines.tipocessioneprestazione as line_kind,
    {{ dbt.split_part('lines.codicearticolo_codicevalore', "chr(10)", 1) }} as product_code,
    lines.descrizione as description,
    lines.quantita as quantity,
    lines.unitamisura as unit,
    lines.datainizioperiodo as period_start,
    lines.prezzounitario as unit_price,
    -- Discounts come one upon the other, in per cent or as amounts: what they leave tells them all.
    case
        when lines.scontomaggiorazione_tipo like 'SC%'
            then round(100 - 100 * {{ ratio('lines.prezzototale', 'lines.prezzounitario * coalesce(lines.quantita, 1)') }}, 2)
    end as discount_percent,
    lines.prezzototale as amount,
    lines.aliquotaiva as tax_rate,
    delivered.note_number,
    delivered.note_date,
    {{ key('invoices.company_id', 'DatiDDT', "delivered.note_number || '/' || cast(delivered.note_date as " ~ dbt.type_string() ~ ")") }}
        as delivery_note_id
from lines
inner join invoices
    on lines.source_id = invoices.source_id and lines.file = invoices.file and lines.posizionefattura = invoices.position
left join delivered
    on
        lines.source_id = delivered.source_id
        and lines.file = delivered.file
        and lines.posizionefattura = delivered.posizionefattura
        and lines.posizione = delivered.posizione

-- One row per invoice, deposit invoice and credit note, with what the parts of its file come to.
{{ config(materialized='table') }}

with

transmissions as (
    select * from {{ ref('stg_fatturapa__transmissions') }}
    where preference = 1
),

summaries as (
    select
        source_id,
        file,
        posizionefattura,
        sum(imponibileimporto) as taxable,
        sum(imposta) as tax,
        -- Split payment: the buyer pays this VAT to the state.
        sum(case when esigibilitaiva = 'S' then imposta else 0 end) as split_tax
    from {{ raw('fatturapa', 'DatiRiepilogo') }}
    group by source_id, file, posizionefattura
),

withheld as (
    select
        source_id,
        file,
        posizionefattura,
        sum(abs(importoritenuta)) as withheld
    from {{ raw('fatturapa', 'DatiRitenuta') }}
    group by source_id, file, posizionefattura
),

summed as (
    select
        transmissions.*,
        coalesce(summaries.taxable, transmissions.stated_total, 0) as signed_excl_tax,
        coalesce(summaries.tax, 0) as signed_tax,
        coalesce(summaries.split_tax, 0) as signed_split_tax,
        case when summaries.taxable is null then 0 else coalesce(transmissions.rounding, 0) end as signed_rounding,
        coalesce(withheld.withheld, 0) as withheld
    from transmissions
    left join summaries
        on
            transmissions.source_id = summaries.source_id
            and transmissions.file = summaries.file
            and transmissions.position = summaries.posizionefattura
    left join withheld
        on
            transmissions.source_id = withheld.source_id
            and transmissions.file = withheld.file
            and transmissions.position = withheld.posizionefattura
),

-- A credit note has positive amounts; an invoice of less than nothing is one too.
directed as (
    select
        *,
        case when signed_excl_tax + signed_tax < 0 then -1 else 1 end as direction,
        case
            when kind = 'TD04' or signed_excl_tax + signed_tax < 0 then 'credit_note'
            when kind in ('TD02', 'TD03') then 'deposit_invoice'
            else 'invoice'
        end as document_type
    from summed
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'fatturapa' and source_type = 'FatturaElettronica'
)

select
    directed.source_id,
    directed.file,
    directed.position,
    directed.document_id,
    directed.company_id,
    directed.time_zone,
    directed.customer_id,
    directed.document_type,
    directed.number,
    directed.document_date,
    directed.currency_code,
    directed.reason,
    directed.carrier,
    directed.pension_funds,
    directed.direction,
    directed.source_status,
    coalesce(status_map.status, 'unknown') as status,
    directed.received_at,
    directed.rejected_at,
    {{ money('directed.direction * directed.signed_excl_tax') }} as amount_excl_tax,
    {{ money('directed.direction * directed.signed_tax') }} as amount_tax,
    {{ money('directed.direction * (directed.signed_excl_tax + directed.signed_tax + directed.signed_rounding)') }} as amount_incl_tax,
    {{ money(
        'directed.direction * (directed.signed_excl_tax + directed.signed_tax + directed.signed_rounding - directed.signed_split_tax)'
        ~ ' - directed.withheld'
    ) }} as amount_to_pay
from directed
left join status_map
    on directed.document_type = status_map.document_type and directed.source_status = status_map.source_status

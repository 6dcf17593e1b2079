-- One row per invoice, deposit invoice and credit note, with what its parts and notices say of it.
{{ config(materialized='table') }}

with

bodies as (
    select
        *,
        {{ fatturapa_document('source_id', 'file', 'posizionefattura') }} as document_id,
        {{ fatturapa_vat_number('cedenteprestatore') }} as seller_number,
        {{ fatturapa_vat_number('cessionariocommittente') }} as buyer_number,
        {{ fatturapa_customer('source_id') }} as known_customer_id,
        datigenerali_datigeneralidocumento_tipodocumento as kind,
        datigenerali_datigeneralidocumento_numero as number,
        datigenerali_datigeneralidocumento_data as document_date,
        datigenerali_datigeneralidocumento_divisa as currency_code
    from {{ raw('fatturapa', 'FatturaElettronicaBody') }}
),

-- Papers by which a buyer pays the VAT of a purchase, and goods that the company took for itself, are no sales.
sales as (
    select *
    from bodies
    where
        kind not in ('TD16', 'TD17', 'TD18', 'TD19', 'TD20', 'TD21', 'TD22', 'TD23', 'TD28', 'TD29')
        and seller_number is distinct from buyer_number
),

companies as (
    select * from {{ ref('stg_fatturapa__companies') }}
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
        sum(importoritenuta) as withheld
    from {{ raw('fatturapa', 'DatiRitenuta') }}
    group by source_id, file, posizionefattura
),

noticed as (
    select
        sales.document_id,
        min(notices.received_at) as received_at,
        min(case when notices.notice = 'NS' then notices.noticed_at end) as rejected_at,
        -- What was decided last: a rejection stands, then the buyer's verdict, then that it arrived.
        min(
            case
                when notices.notice = 'NS' then '1NS'
                when notices.notice = 'NE' then '2' || coalesce(notices.verdict, 'NE')
                when notices.notice in ('DT', 'AT', 'RC') then '3' || notices.notice
                else '4' || notices.notice
            end
        ) as decisive
    from sales
    inner join {{ ref('stg_fatturapa__notices') }} as notices
        on
            sales.source_id = notices.source_id
            and lower(sales.file) = notices.invoice_file
            and coalesce(notices.invoice_position, sales.posizionefattura) = sales.posizionefattura
    group by sales.document_id
),

judged as (
    select
        sales.*,
        companies.company_id,
        companies.time_zone,
        coalesce(substring(noticed.decisive, 2), 'sent') as notice_status,
        noticed.received_at,
        noticed.rejected_at,
        coalesce(summaries.taxable, sales.datigenerali_datigeneralidocumento_importototaledocumento, 0) as signed_excl_tax,
        coalesce(summaries.tax, 0) as signed_tax,
        coalesce(summaries.split_tax, 0) as signed_split_tax,
        case when summaries.taxable is null then 0 else coalesce(sales.datigenerali_datigeneralidocumento_arrotondamento, 0) end
            as signed_rounding,
        coalesce(withheld.withheld, 0) as withheld,
        -- Of the files with one number, the exchange system takes one: that which it delivered, else the last.
        row_number() over (
            partition by
                sales.source_id, sales.seller_number, sales.kind, sales.number, extract(year from sales.document_date)
            order by
                case
                    when noticed.decisive = '1NS' then 4
                    when noticed.decisive = '2EC02' then 3
                    when noticed.decisive is null then 2
                    else 1
                end,
                sales.file desc,
                sales.posizionefattura desc
        ) as preference
    from sales
    inner join companies
        on sales.source_id = companies.source_id and sales.seller_number = companies.company_number
    left join noticed on sales.document_id = noticed.document_id
    left join summaries
        on
            sales.source_id = summaries.source_id
            and sales.file = summaries.file
            and sales.posizionefattura = summaries.posizionefattura
    left join withheld
        on
            sales.source_id = withheld.source_id
            and sales.file = withheld.file
            and sales.posizionefattura = withheld.posizionefattura
),

directed as (
    select
        *,
        -- A credit note has positive amounts; an invoice of less than nothing is one too.
        case when signed_excl_tax + signed_tax < 0 then -1 else 1 end as direction,
        case
            when kind = 'TD04' or signed_excl_tax + signed_tax < 0 then 'credit_note'
            when kind in ('TD02', 'TD03') then 'deposit_invoice'
            else 'invoice'
        end as document_type,
        case when preference > 1 and notice_status <> 'NS' then 'superseded' else notice_status end as source_status
    from judged
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'fatturapa' and source_type = 'FatturaElettronica'
)

select
    directed.source_id,
    directed.file,
    directed.posizionefattura as position,
    directed.document_id,
    directed.company_id,
    directed.time_zone,
    directed.seller_number,
    coalesce(directed.known_customer_id, directed.source_id || '/CessionarioCommittente/unknown') as customer_id,
    directed.kind,
    directed.document_type,
    directed.number,
    directed.document_date,
    directed.currency_code,
    directed.datitrasmissione_formatotrasmissione as form,
    directed.datigenerali_datigeneralidocumento_causale as reason,
    directed.datigenerali_datitrasporto_datianagraficivettore_anagrafica_denominazione as carrier,
    directed.datigenerali_datigeneralidocumento_daticassaprevidenziale_tipocassa as pension_funds,
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
        ~ ' - abs(directed.withheld)'
    ) }} as amount_to_pay
from directed
left join status_map
    on directed.document_type = status_map.document_type and directed.source_status = status_map.source_status

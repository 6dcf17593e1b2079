-- One row per document of a file. A number is issued once a year: what was rejected is sent again under it.
{{ config(materialized='table') }}

with

bodies as (
    select
        *,
        {{ fatturapa_vat_number('cedenteprestatore') }} as seller_number,
        {{ fatturapa_vat_number('cessionariocommittente') }} as buyer_number,
        datigenerali_datigeneralidocumento_tipodocumento as kind,
        datigenerali_datigeneralidocumento_numero as number,
        datigenerali_datigeneralidocumento_data as document_date
    from {{ raw('fatturapa', 'FatturaElettronicaBody') }}
),

companies as (
    select * from {{ ref('stg_fatturapa__companies') }}
),

-- Papers by which a buyer pays the VAT of a purchase, and goods that the company took for itself, are no sales.
sales as (
    select
        bodies.*,
        companies.company_id,
        companies.time_zone,
        companies.company_id || '/' || bodies.kind
        || '/' || cast(extract(year from bodies.document_date) as {{ dbt.type_string() }})
        || '/' || bodies.number as document_id
    from bodies
    inner join companies
        on bodies.source_id = companies.source_id and bodies.seller_number = companies.company_number
    where
        bodies.kind not in ('TD16', 'TD17', 'TD18', 'TD19', 'TD20', 'TD21', 'TD22', 'TD23', 'TD28', 'TD29')
        and bodies.seller_number is distinct from bodies.buyer_number
),

noticed as (
    select
        sales.source_id,
        sales.file,
        sales.posizionefattura,
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
    group by sales.source_id, sales.file, sales.posizionefattura
)

select
    sales.source_id,
    sales.file,
    sales.posizionefattura as position,
    sales.document_id,
    sales.company_id,
    sales.time_zone,
    coalesce({{ fatturapa_customer('sales') }}, sales.source_id || '/CessionarioCommittente/unknown') as customer_id,
    sales.kind,
    sales.number,
    sales.document_date,
    sales.datigenerali_datigeneralidocumento_divisa as currency_code,
    sales.datitrasmissione_formatotrasmissione as form,
    sales.datigenerali_datigeneralidocumento_importototaledocumento as stated_total,
    sales.datigenerali_datigeneralidocumento_arrotondamento as rounding,
    sales.datigenerali_datigeneralidocumento_causale as reason,
    sales.datigenerali_datitrasporto_datianagraficivettore_anagrafica_denominazione as carrier,
    sales.datigenerali_datigeneralidocumento_daticassaprevidenziale_tipocassa as pension_funds,
    coalesce(substring(noticed.decisive, 2), 'sent') as source_status,
    noticed.received_at,
    noticed.rejected_at,
    -- 1 is the file that counts: what arrived, else the last that nobody sent back.
    row_number() over (
        partition by sales.document_id
        order by
            case
                when noticed.decisive = '1NS' then 4
                when noticed.decisive = '2EC02' then 3
                when noticed.decisive is null then 2
                else 1
            end asc,
            sales.file desc,
            sales.posizionefattura desc
    ) as preference
from sales
left join noticed
    on
        sales.source_id = noticed.source_id
        and sales.file = noticed.file
        and sales.posizionefattura = noticed.posizionefattura

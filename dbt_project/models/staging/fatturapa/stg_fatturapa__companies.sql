-- One row per seller: a company that issues invoices.
with

sellers as (
    select
        *,
        {{ fatturapa_vat_number('cedenteprestatore') }} as vat_number,
        row_number() over (
            partition by source_id, {{ fatturapa_vat_number('cedenteprestatore') }}
            order by datigenerali_datigeneralidocumento_data desc, file desc
        ) as position
    from {{ raw('fatturapa', 'FatturaElettronicaBody') }}
),

calendars as (
    select * from {{ ref('country_calendars') }}
),

identified as (
    select
        *,
        upper(coalesce(cedenteprestatore_sede_nazione, cedenteprestatore_datianagrafici_idfiscaleiva_idpaese)) as country_code
    from sellers
    where position = 1
),

final as (
    select
        identified.source_id,
        'fatturapa' as source_system,
        {{ key('identified.source_id', 'CedentePrestatore', 'identified.vat_number') }} as company_id,
        identified.vat_number as company_number,
        coalesce({{ fatturapa_name('identified.cedenteprestatore') }}, identified.vat_number) as name,
        identified.country_code,
        'EUR' as currency_code,
        coalesce(calendars.time_zone, 'Europe/Rome') as time_zone,
        coalesce(calendars.calendar_code, identified.country_code) as calendar_code,
        coalesce(
            identified.cedenteprestatore_datianagrafici_codicefiscale,
            identified.cedenteprestatore_datianagrafici_idfiscaleiva_idcodice
        ) as registration_number
    from identified
    left join calendars on identified.country_code = calendars.country_code
)

{{ conform('companies', lacks=['fiscal_year_start_month']) }}

-- One row per customer and load that brought invoices to it: how the newest of these calls it.
with

companies as (
    select
        source_id,
        company_number
    from {{ ref('stg_fatturapa__companies') }}
),

buyers as (
    select
        bodies.*,
        {{ fatturapa_customer('bodies') }} as customer_id,
        {{ fatturapa_vat_number('cessionariocommittente') }} as written_vat_number,
        upper(cessionariocommittente_datianagrafici_codicefiscale) as fiscal_code,
        datigenerali_datigeneralidocumento_data as document_date
    from {{ raw_versions('fatturapa', 'FatturaElettronicaBody') }} as bodies
    -- Who sells to itself is nobody's customer.
    where {{ fatturapa_vat_number('cedenteprestatore') }} is distinct from {{ fatturapa_vat_number('cessionariocommittente') }}
),

ranked as (
    select
        buyers.*,
        companies.company_number is not null as is_own,
        row_number() over (
            partition by buyers.customer_id, buyers._from_load order by buyers.document_date desc, buyers.file desc
        ) as position
    from buyers
    left join companies
        on buyers.source_id = companies.source_id and buyers.written_vat_number = companies.company_number
    where buyers.customer_id is not null
)

select
    source_id,
    customer_id,
    _from_load as from_load,
    document_date,
    coalesce({{ fatturapa_name('cessionariocommittente') }}, '?') as name,
    cast(null as {{ dbt.type_string() }}) as segment,
    cast(null as {{ dbt.type_string() }}) as salesperson_id,
    true as is_active,
    written_vat_number as vat_number,
    fiscal_code,
    upper(coalesce(cessionariocommittente_sede_nazione, cessionariocommittente_datianagrafici_idfiscaleiva_idpaese))
        as country_code,
    cessionariocommittente_sede_cap as postal_code,
    cessionariocommittente_sede_comune as city,
    case
        when is_own then 'intercompany'
        when datitrasmissione_formatotrasmissione = 'FPA12' or length(datitrasmissione_codicedestinatario) = 6 then 'public'
        -- A person's code has 16 characters, that of an association 11.
        when written_vat_number is null and length(fiscal_code) = 16 then 'consumer'
        else 'private'
    end as customer_class
from ranked
where position = 1

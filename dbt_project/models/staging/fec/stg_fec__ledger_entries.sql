-- One row per line of an accounting file.
with

entries as (
    select * from {{ raw('fec', 'entries') }}
),

final as (
    select
        source_id,
        'fec' as source_system,
        source_id || '/fec/' || siren
        || '/' || cast(fiscal_year_end as {{ dbt.type_string() }})
        || '/' || cast(line_number as {{ dbt.type_string() }}) as ledger_entry_id,
        {{ reference('company', 'siren') }} as company_id,
        coalesce(journalcode, '') as journal_code,
        coalesce(ecriturenum, '') as entry_number,
        row_number() over (
            partition by source_id, siren, fiscal_year_end, journalcode, ecriturenum order by line_number
        ) as line_number,
        coalesce(ecrituredate, piecedate, fiscal_year_end) as entry_date,
        coalesce(comptenum, '') as account_code,
        comptelib as account_name,
        compauxnum as auxiliary_code,
        -- The auxiliary codes of suppliers, staff and banks are nobody's customer numbers.
        case when comptenum like '41%' then {{ reference('customer', 'compauxnum') }} end as customer_id,
        pieceref as document_reference,
        piecedate as document_date,
        ecriturelib as description,
        coalesce(debit, 0) as debit,
        coalesce(credit, 0) as credit,
        nullif(trim(ecriturelet), '') as lettering_code,
        datelet as lettered_on,
        validdate as validated_on,
        nullif(trim(idevise), '') as currency_code,
        montantdevise as currency_amount,
        -- Opening entries stand in a journal of their own, named so.
        upper(trim(journalcode)) in ('AN', 'ANO', 'RAN', 'OUV')
        or lower(journallib) like '%nouveau%'
        or lower(journallib) like '%ouverture%' as is_opening
    from entries
)

{{ conform('ledger_entries') }}

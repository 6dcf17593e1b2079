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
        coalesce(JournalCode, '') as journal_code,
        coalesce(EcritureNum, '') as entry_number,
        row_number() over (
            partition by source_id, siren, fiscal_year_end, JournalCode, EcritureNum order by line_number
        ) as line_number,
        coalesce(EcritureDate, PieceDate, fiscal_year_end) as entry_date,
        coalesce(CompteNum, '') as account_code,
        CompteLib as account_name,
        CompAuxNum as auxiliary_code,
        -- The auxiliary codes of suppliers, staff and banks are nobody's customer numbers.
        case when CompteNum like '41%' then {{ reference('customer', 'CompAuxNum') }} end as customer_id,
        PieceRef as document_reference,
        PieceDate as document_date,
        EcritureLib as description,
        coalesce(Debit, 0) as debit,
        coalesce(Credit, 0) as credit,
        nullif(trim(EcritureLet), '') as lettering_code,
        DateLet as lettered_on,
        ValidDate as validated_on,
        nullif(trim(Idevise), '') as currency_code,
        Montantdevise as currency_amount,
        -- Opening entries stand in a journal of their own, named so.
        upper(trim(JournalCode)) in ('AN', 'ANO', 'RAN', 'OUV')
        or lower(JournalLib) like '%nouveau%'
        or lower(JournalLib) like '%ouverture%' as is_opening
    from entries
)

{{ conform('ledger_entries') }}

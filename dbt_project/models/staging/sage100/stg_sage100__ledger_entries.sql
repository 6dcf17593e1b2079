-- One row per line of an accounting entry; journals that simulate are left out.
with

entries as (
    select * from {{ raw('sage100', 'F_ECRITUREC') }}
),

journals as (
    select * from {{ raw('sage100', 'F_JOURNAUX') }}
),

accounts as (
    select * from {{ raw('sage100', 'F_COMPTEG') }}
),

customers as (
    select distinct
        source_id,
        ct_num
    from {{ raw('sage100', 'F_COMPTET') }}
    where ct_type = 0
),

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

final as (
    select
        entries.source_id,
        'sage100' as source_system,
        {{ key('entries.source_id', 'F_ECRITUREC', 'entries.ec_no') }} as ledger_entry_id,
        companies.company_id,
        trim(entries.jo_num) as journal_code,
        coalesce(nullif(trim(entries.ec_piece), ''), cast(entries.ec_no as {{ dbt.type_string() }})) as entry_number,
        row_number() over (
            partition by entries.source_id, entries.jo_num, entries.jm_date, entries.ec_piece order by entries.ec_no
        ) as line_number,
        -- A period is named by its first day, an entry by its day within it.
        {{ add_days('entries.jm_date', 'greatest(coalesce(entries.ec_jour, 1), 1) - 1') }} as entry_date,
        trim(entries.cg_num) as account_code,
        accounts.cg_intitule as account_name,
        nullif(trim(entries.ct_num), '') as auxiliary_code,
        {{ key('entries.source_id', 'F_COMPTET', 'customers.ct_num') }} as customer_id,
        coalesce(nullif(trim(entries.ec_refpiece), ''), nullif(trim(entries.ec_piece), '')) as document_reference,
        entries.ec_date as document_date,
        entries.ec_intitule as description,
        case when entries.ec_sens = 0 then entries.ec_montant else 0 end as debit,
        case when entries.ec_sens = 1 then entries.ec_montant else 0 end as credit,
        nullif(trim(entries.ec_lettrage), '') as lettering_code,
        case when nullif(trim(entries.ec_lettrage), '') is not null then entries.ec_dateregle end as lettered_on,
        entries.ec_datecloture as validated_on,
        coalesce(entries.ec_antype, 0) > 0 as is_opening
    from entries
    inner join companies on entries.source_id = companies.source_id
    left join journals
        on entries.source_id = journals.source_id and entries.jo_num = journals.jo_num
    left join accounts
        on entries.source_id = accounts.source_id and entries.cg_num = accounts.cg_num
    left join customers
        on entries.source_id = customers.source_id and entries.ct_num = customers.ct_num
    where coalesce(journals.jo_type, 0) <> 4
)

{{ conform('ledger_entries', lacks=['currency_code', 'currency_amount']) }}

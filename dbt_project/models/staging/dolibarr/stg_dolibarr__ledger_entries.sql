-- One row per line of an accounting entry of the module Accounting.
with

entry_lines as (
    select
        *,
        row_number() over (partition by source_id, entity, code_journal, piece_num order by rowid) as line_number
    from {{ raw('dolibarr', 'llx_accounting_bookkeeping') }}
),

journals as (
    select source_id, entity, code, max(case when nature = 9 then 1 else 0 end) = 1 as is_opening
    from {{ raw('dolibarr', 'llx_accounting_journal') }}
    group by source_id, entity, code
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

customers as (
    select source_id, accounting_code, min(customer_id) as customer_id
    from {{ ref('stg_dolibarr__customers') }}
    where accounting_code is not null
    group by source_id, accounting_code
),

final as (
    select
        entry_lines.source_id,
        'dolibarr' as source_system,
        {{ key('entry_lines.source_id', 'accounting_bookkeeping', 'entry_lines.rowid') }} as ledger_entry_id,
        companies.company_id,
        entry_lines.code_journal as journal_code,
        cast(entry_lines.piece_num as {{ dbt.type_string() }}) as entry_number,
        entry_lines.line_number,
        entry_lines.doc_date as entry_date,
        entry_lines.numero_compte as account_code,
        nullif(entry_lines.label_compte, '') as account_name,
        nullif(entry_lines.subledger_account, '') as auxiliary_code,
        customers.customer_id,
        nullif(entry_lines.doc_ref, '') as document_reference,
        entry_lines.doc_date as document_date,
        nullif(entry_lines.label_operation, '') as description,
        entry_lines.debit,
        entry_lines.credit,
        nullif(entry_lines.lettering_code, '') as lettering_code,
        cast(entry_lines.date_lettering as date) as lettered_on,
        cast(entry_lines.date_validated as date) as validated_on,
        nullif(entry_lines.multicurrency_code, '') as currency_code,
        case when nullif(entry_lines.multicurrency_code, '') is not null then entry_lines.multicurrency_amount end as currency_amount,
        journals.is_opening
    from entry_lines
    inner join companies
        on companies.company_id = {{ key('entry_lines.source_id', 'entity', 'entry_lines.entity') }}
    left join journals
        on
            entry_lines.source_id = journals.source_id
            and entry_lines.entity = journals.entity
            and entry_lines.code_journal = journals.code
    left join customers
        on entry_lines.source_id = customers.source_id and nullif(entry_lines.subledger_account, '') = customers.accounting_code
)

{{ conform('ledger_entries') }}

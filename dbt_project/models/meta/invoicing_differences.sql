-- One row per invoice or credit note, and role of its accounts, that the ERP and the ledger value differently,
-- or that only one of them has: issued in the ERP should be booked in accounting, and nothing else be sales.
with

erp as (

    select
        company_id,
        case when line_type = 'deposit' or document_type = 'deposit_invoice' then 'deposits' else 'sales' end as account_role,
        document_number as document_reference,
        document_id,
        invoice_date as posted_on,
        company_net_amount_excl_tax as amount
    from {{ ref('fct_invoice_lines') }}
    where is_issued

),

-- Entries that accrue, or take back, what is delivered and not invoiced yet are no invoices.
accruals as (

    select distinct company_id, journal_code, entry_number, entry_date
    from {{ ref('fct_ledger_entries') }}
    where account_role = 'unbilled'

),

ledger as (

    select
        entries.company_id,
        entries.account_role,
        entries.document_reference,
        entries.entry_date as posted_on,
        -entries.amount as amount
    from {{ ref('fct_ledger_entries') }} as entries
    left join accruals
        on
            entries.company_id = accruals.company_id
            and entries.journal_code = accruals.journal_code
            and entries.entry_number = accruals.entry_number
            and entries.entry_date = accruals.entry_date
    where
        entries.account_role in ('sales', 'deposits')
        and not entries.is_opening
        and accruals.entry_number is null

),

ledger_spans as (

    select company_id, min(entry_date) as first_entry_date, max(entry_date) as last_entry_date
    from {{ ref('fct_ledger_entries') }}
    group by 1

),

both_sides as (

    select
        erp.company_id,
        erp.account_role,
        erp.document_reference,
        erp.document_id,
        erp.posted_on,
        erp.amount as erp_amount,
        0 as ledger_amount
    from erp
    inner join ledger_spans
        on
            erp.company_id = ledger_spans.company_id
            and erp.posted_on between ledger_spans.first_entry_date and ledger_spans.last_entry_date
    union all
    select
        company_id,
        account_role,
        document_reference,
        cast(null as {{ dbt.type_string() }}),
        posted_on,
        0,
        amount
    from ledger

),

compared as (

    select
        company_id,
        account_role,
        document_reference,
        max(document_id) as document_id,
        min(posted_on) as posted_on,
        sum(erp_amount) as erp_amount,
        sum(ledger_amount) as ledger_amount
    from both_sides
    group by 1, 2, 3

)

select
    company_id,
    account_role,
    document_reference,
    document_id,
    posted_on,
    {{ money('erp_amount') }} as erp_amount,
    {{ money('ledger_amount') }} as ledger_amount,
    {{ money('erp_amount - ledger_amount') }} as difference,
    case
        when document_id is null then 'missing_in_erp'
        when ledger_amount = 0 then 'missing_in_ledger'
        else 'amount_differs'
    end as difference_kind
from compared
where
    abs(erp_amount - ledger_amount) >= 0.005
    -- Deposits are also booked when money arrives without an invoice.
    and (account_role = 'sales' or document_id is not null)

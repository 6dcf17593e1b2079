-- One row per posting on a receivable account that only one side has, or that the two sides have with
-- different amounts: what explains the differences of receivables_reconciliation.
--
-- The sides are first compared by company, role, customer and day, which needs no reference to agree.
-- Only where a day differs are its postings looked at: matched by reference, then by amount.
with

intervals as (

    select
        company_id,
        account_role,
        coalesce(customer_id, 'unknown') as customer_id,
        valid_from,
        valid_to,
        company_open_amount
    from {{ ref('int_receivable_intervals') }}
    where account_role in {{ receivable_roles() }}

),

ledger as (

    select
        company_id,
        account_role,
        coalesce(customer_id, 'unknown') as customer_id,
        entry_date as posted_on,
        document_reference,
        amount
    from {{ ref('fct_ledger_entries') }}
    where account_role in {{ receivable_roles() }} and counts_in_balance

),

ledger_spans as (

    select company_id, min(entry_date) as first_entry_date, max(entry_date) as last_entry_date
    from {{ ref('fct_ledger_entries') }}
    group by 1

),

-- A change of balance on a day, whatever it came from.
erp_changes as (

    select company_id, account_role, customer_id, valid_from as posted_on, company_open_amount as amount
    from intervals
    union all
    select company_id, account_role, customer_id, {{ add_days('valid_to', 1) }}, -company_open_amount
    from intervals
    where valid_to is not null

),

erp_days as (

    select changes.company_id, changes.account_role, changes.customer_id, changes.posted_on, sum(changes.amount) as amount
    from erp_changes as changes
    inner join ledger_spans
        on
            changes.company_id = ledger_spans.company_id
            and changes.posted_on between ledger_spans.first_entry_date and ledger_spans.last_entry_date
    group by 1, 2, 3, 4

),

days as (

    select company_id, account_role, customer_id, posted_on, sum(erp_amount) as erp_amount, sum(ledger_amount) as ledger_amount
    from (
        select company_id, account_role, customer_id, posted_on, amount as erp_amount, 0 as ledger_amount
        from erp_days
        union all
        select company_id, account_role, customer_id, posted_on, 0, amount
        from ledger
    ) as both_sides
    group by 1, 2, 3, 4
    having abs(sum(erp_amount) - sum(ledger_amount)) >= 0.005

),

documents as (

    select document_id, document_number from {{ ref('fct_documents') }}

),

erp_documents as (

    select
        instalments.company_id,
        'trade' as account_role,
        instalments.customer_id,
        instalments.issued_on as posted_on,
        documents.document_number as document_reference,
        instalments.company_amount_to_pay as amount
    from {{ ref('fct_instalments') }} as instalments
    left join documents on instalments.document_id = documents.document_id
    union all
    select company_id, 'trade', customer_id, payment_date, payment_number, -company_amount - coalesce(company_written_off_amount, 0)
    from {{ ref('fct_payments') }}
    union all
    select company_id, 'bills_in_hand', customer_id, payment_date, payment_number, company_amount
    from {{ ref('fct_payments') }}
    where payment_method in (select methods.payment_method from {{ ref('payment_methods') }} as methods where methods.is_bill)

),

erp_postings as (

    select
        days.company_id,
        days.account_role,
        days.customer_id,
        days.posted_on,
        erp_documents.document_reference,
        sum(erp_documents.amount) as amount
    from days
    inner join erp_documents
        on
            days.company_id = erp_documents.company_id
            and days.account_role = erp_documents.account_role
            and days.customer_id = erp_documents.customer_id
            and days.posted_on = erp_documents.posted_on
    group by 1, 2, 3, 4, 5

),

-- Bounces, clearings and write-offs have no number of their own: what the documents of the day leave unexplained.
erp_rest as (

    select
        days.company_id,
        days.account_role,
        days.customer_id,
        days.posted_on,
        cast(null as {{ dbt.type_string() }}) as document_reference,
        max(days.erp_amount) - coalesce(sum(erp_postings.amount), 0) as amount
    from days
    left join erp_postings
        on
            days.company_id = erp_postings.company_id
            and days.account_role = erp_postings.account_role
            and days.customer_id = erp_postings.customer_id
            and days.posted_on = erp_postings.posted_on
    group by 1, 2, 3, 4

),

postings as (

    select company_id, account_role, customer_id, posted_on, document_reference, amount as erp_amount, 0 as ledger_amount
    from erp_postings
    union all
    select company_id, account_role, customer_id, posted_on, document_reference, amount, 0
    from erp_rest
    where abs(amount) >= 0.005
    union all
    select days.company_id, days.account_role, days.customer_id, days.posted_on, ledger.document_reference, 0, ledger.amount
    from days
    inner join ledger
        on
            days.company_id = ledger.company_id
            and days.account_role = ledger.account_role
            and days.customer_id = ledger.customer_id
            and days.posted_on = ledger.posted_on

),

by_reference as (

    select
        company_id,
        account_role,
        customer_id,
        posted_on,
        document_reference,
        sum(erp_amount) as erp_amount,
        sum(ledger_amount) as ledger_amount,
        sum(erp_amount) - sum(ledger_amount) as difference
    from postings
    group by 1, 2, 3, 4, 5
    having abs(sum(erp_amount) - sum(ledger_amount)) >= 0.005

),

-- Two leftovers of one day that cancel out are one posting under two references.
paired as (

    select
        *,
        row_number() over (
            partition by company_id, account_role, customer_id, posted_on, abs(difference), difference > 0
            order by document_reference
        ) as position
    from by_reference

)

select
    paired.company_id,
    paired.account_role,
    paired.customer_id,
    paired.posted_on,
    paired.document_reference,
    {{ money('paired.erp_amount') }} as erp_amount,
    {{ money('paired.ledger_amount') }} as ledger_amount,
    {{ money('paired.difference') }} as difference,
    case
        when paired.ledger_amount = 0 then 'missing_in_ledger'
        when paired.erp_amount = 0 then 'missing_in_erp'
        else 'amount_differs'
    end as difference_kind
from paired
left join paired as opposite
    on
        paired.company_id = opposite.company_id
        and paired.account_role = opposite.account_role
        and paired.customer_id = opposite.customer_id
        and paired.posted_on = opposite.posted_on
        and paired.difference = -opposite.difference
        and paired.position = opposite.position
where opposite.company_id is null

-- The postings listed as different sum to the difference of each customer's balances on the as-of date,
-- for companies whose ledger is as old as their receivables and reaches the as-of date's month.
with

-- What is paid off leaves no item behind: the day on which an item ends counts as well.
erp as (

    select
        company_id,
        min(valid_from) as first_day,
        max(case when valid_to < {{ as_of_date() }} then {{ add_days('valid_to', 1) }} else valid_from end) as last_day
    from {{ ref('int_receivable_intervals') }}
    group by 1

),

complete_ledgers as (

    select ledger.company_id
    from (select company_id, min(entry_date) as first_entry_date, max(entry_date) as last_entry_date from {{ ref('fct_ledger_entries') }} group by 1) as ledger
    inner join erp on ledger.company_id = erp.company_id
    where
        ledger.first_entry_date <= erp.first_day
        and ledger.last_entry_date >= erp.last_day
        and {{ dbt.last_day('ledger.last_entry_date', 'month') }} >= {{ as_of_date() }}

),

balances as (

    select reconciliation.company_id, account_role, customer_id, sum(difference) as amount
    from {{ ref('receivables_reconciliation') }} as reconciliation
    inner join complete_ledgers on reconciliation.company_id = complete_ledgers.company_id
    where is_latest
    group by 1, 2, 3

),

listed as (

    select differences.company_id, account_role, customer_id, sum(difference) as amount
    from {{ ref('receivables_differences') }} as differences
    inner join complete_ledgers on differences.company_id = complete_ledgers.company_id
    group by 1, 2, 3

)

select company_id, account_role, customer_id, sum(amount) as unexplained_amount
from (
    select company_id, account_role, customer_id, amount from balances
    union all
    select company_id, account_role, customer_id, -amount from listed
) as both_sides
group by 1, 2, 3
having abs(sum(amount)) >= 0.01

-- One row per as-of date, company, account role and customer: open receivables of the ERP beside the balance
-- of the ledger's accounts of the same role, for companies whose ledger reaches that date.
with

aging as (

    select * from {{ ref('aging') }} where account_role in {{ receivable_roles() }}

),

ledger as (

    select
        company_id,
        account_role,
        coalesce(customer_id, 'unknown') as customer_id,
        entry_date,
        amount
    from {{ ref('fct_ledger_entries') }}
    where account_role in {{ receivable_roles() }} and counts_in_balance

),

ledger_spans as (

    select company_id, min(entry_date) as first_entry_date, max(entry_date) as last_entry_date
    from {{ ref('fct_ledger_entries') }}
    group by 1

),

-- The latest date counts when the ledger goes on into its month; later month ends are not booked yet.
dates as (

    select ledger_spans.company_id, as_of_dates.as_of_date, as_of_dates.is_latest
    from (select distinct as_of_date, is_latest from {{ ref('aging') }}) as as_of_dates
    inner join ledger_spans
        on
            as_of_dates.as_of_date >= ledger_spans.first_entry_date
            and as_of_dates.as_of_date <= {{ dbt.last_day('ledger_spans.last_entry_date', 'month') }}

),

ledger_days as (

    select company_id, account_role, customer_id, entry_date, sum(amount) as amount
    from ledger
    group by 1, 2, 3, 4

),

ledger_balances as (

    select
        company_id,
        account_role,
        customer_id,
        entry_date as valid_from,
        {{ add_days('lead(entry_date) over (partition by company_id, account_role, customer_id order by entry_date)', -1) }} as valid_to,
        sum(amount) over (
            partition by company_id, account_role, customer_id
            order by entry_date
            rows between unbounded preceding and current row
        ) as amount
    from ledger_days

),

both_sides as (

    select
        dates.as_of_date,
        dates.is_latest,
        dates.company_id,
        aging.account_role,
        aging.customer_id,
        aging.company_open_amount as erp_amount,
        0 as ledger_amount
    from aging
    inner join dates on aging.company_id = dates.company_id and aging.as_of_date = dates.as_of_date
    union all
    select
        dates.as_of_date,
        dates.is_latest,
        dates.company_id,
        ledger_balances.account_role,
        ledger_balances.customer_id,
        0,
        ledger_balances.amount
    from ledger_balances
    inner join dates
        on
            ledger_balances.company_id = dates.company_id
            and {{ holds_on('ledger_balances.valid_from', 'ledger_balances.valid_to', 'dates.as_of_date') }}
    where ledger_balances.amount <> 0

)

select
    as_of_date,
    is_latest,
    company_id,
    account_role,
    customer_id,
    {{ money('sum(erp_amount)') }} as erp_amount,
    {{ money('sum(ledger_amount)') }} as ledger_amount,
    {{ money('sum(erp_amount) - sum(ledger_amount)') }} as difference,
    abs(sum(erp_amount) - sum(ledger_amount)) < 0.005 as ties_out
from both_sides
group by 1, 2, 3, 4, 5

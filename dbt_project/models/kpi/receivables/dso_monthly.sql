-- One row per company, month and receivable scope: how long sales stand unpaid, by each of the usual measures.
-- A month that is not over is measured on the as-of date, over the days that have passed.
with

sales as (

    select * from {{ ref('int_credit_sales_monthly') }}

),

open_items as (

    select open_items.*
    from {{ ref('open_items') }} as open_items
    inner join {{ ref('dim_customer') }} as customers on open_items.customer_id = customers.customer_id
    where customers.customer_class <> 'intercompany' and open_items.item_type <> 'deposit_invoice'

),

companies as (

    select company_id, currency_code from {{ ref('dim_company') }}

),

paid_pieces as (

    select
        allocations.company_id,
        {{ month_of('allocations.paid_on') }} as paid_month,
        allocations.company_kept_amount as amount,
        {{ days_between('instalments.due_date', 'allocations.paid_on') }} as days_late
    from {{ ref('fct_payment_allocations') }} as allocations
    inner join {{ ref('fct_instalments') }} as instalments on allocations.instalment_id = instalments.instalment_id
    inner join {{ ref('dim_customer') }} as customers on instalments.customer_id = customers.customer_id
    where
        allocations.is_money
        and allocations.paid_on is not null
        and instalments.item_type = 'invoice'
        and customers.customer_class <> 'intercompany'

),

scopes as (

    select 'with_bills_and_factored' as receivable_scope
    union all
    select 'without_bills_and_factored' as receivable_scope

),

receivables as (

    select
        open_items.as_of_date,
        open_items.company_id,
        scopes.receivable_scope,
        sum(case when open_items.account_role in {{ receivable_roles() }} then open_items.company_open_amount else 0 end) as receivable_amount,
        sum(case when open_items.account_role in {{ receivable_roles() }} then open_items.company_overdue_amount else 0 end) as overdue_amount,
        sum(case when open_items.account_role = 'unknown' then open_items.company_open_amount else 0 end) as unknown_role_amount
    from open_items
    cross join scopes
    where
        scopes.receivable_scope = 'with_bills_and_factored'
        or not (open_items.account_role = 'factor' or (open_items.item_type = 'bill' and open_items.days_late is null))
    group by 1, 2, 3

),

months as (

    select
        sales.company_id,
        sales.month_start,
        sales.last_day,
        scopes.receivable_scope,
        sales.company_sales_amount_incl_tax as sales_amount,
        count(*) over three_months as window_month_count,
        sum(sales.month_days) over three_months as window_days,
        sum(sales.company_sales_amount_incl_tax) over three_months as window_sales_amount,
        coalesce(receivables.receivable_amount, 0) as receivable_amount,
        coalesce(receivables.overdue_amount, 0) as overdue_amount,
        coalesce(receivables.unknown_role_amount, 0) as unknown_role_amount
    from sales
    cross join scopes
    left join receivables
        on
            sales.company_id = receivables.company_id
            and sales.last_day = receivables.as_of_date
            and scopes.receivable_scope = receivables.receivable_scope
    window three_months as (
        partition by sales.company_id, scopes.receivable_scope order by sales.month_start
        rows between 2 preceding and current row
    )

),

-- Months back from each month, newest first, with what the newer ones had already absorbed.
months_back as (

    select
        months.company_id,
        months.month_start,
        months.receivable_scope,
        months.receivable_amount,
        sales.month_days,
        sales.company_sales_amount_incl_tax as sales_amount,
        sum(greatest(sales.company_sales_amount_incl_tax, 0)) over (
            partition by months.company_id, months.receivable_scope, months.month_start
            order by sales.month_start desc
            rows between unbounded preceding and current row
        ) as absorbed_amount
    from months
    inner join sales on months.company_id = sales.company_id and months.month_start >= sales.month_start
    where months.receivable_amount > 0

),

countback as (

    select
        company_id,
        month_start,
        receivable_scope,
        sum(
            case
                when sales_amount <= 0 then month_days
                else month_days * least(
                    1,
                    cast(receivable_amount - (absorbed_amount - sales_amount) as double) / nullif(cast(sales_amount as double), 0)
                )
            end
        ) as countback_days,
        count(*) as countback_month_count
    from months_back
    where receivable_amount > absorbed_amount - greatest(sales_amount, 0)
    group by 1, 2, 3

),

histories as (

    select company_id, month_start, receivable_scope, max(absorbed_amount) as history_amount
    from months_back
    group by 1, 2, 3

),

paid as (

    select
        company_id,
        paid_month,
        sum(amount) as paid_amount,
        sum(amount * days_late) as paid_amount_days,
        count(*) as paid_count
    from paid_pieces
    group by 1, 2

),

measured as (

    select
        months.*,
        -- Shares of three whole months mean nothing where the history begins within them, or sales were taken back.
        case when months.window_month_count = 3 and months.window_sales_amount > 0 then months.window_sales_amount end as dso_sales_amount,
        lag(months.receivable_amount) over (
            partition by months.company_id, months.receivable_scope order by months.month_start
        ) as opening_amount,
        case when months.receivable_amount <= 0 then 0 else countback.countback_days end as countback_days,
        coalesce(countback.countback_month_count, 0) as countback_month_count,
        coalesce(histories.history_amount < months.receivable_amount, false) as is_countback_capped
    from months
    left join countback
        on
            months.company_id = countback.company_id
            and months.month_start = countback.month_start
            and months.receivable_scope = countback.receivable_scope
    left join histories
        on
            months.company_id = histories.company_id
            and months.month_start = histories.month_start
            and months.receivable_scope = histories.receivable_scope

),

collections as (

    select
        *,
        opening_amount + sales_amount - receivable_amount as collected_amount,
        opening_amount + sales_amount - (receivable_amount - overdue_amount) as collectable_amount
    from measured

)

select
    collections.company_id,
    collections.month_start,
    collections.receivable_scope,
    collections.last_day as as_of_date,
    {{ month_of(add_days('collections.last_day', 1)) }} <> collections.month_start as is_month_over,
    companies.currency_code,
    {{ money('collections.receivable_amount') }} as company_receivable_amount_incl_tax,
    {{ money('collections.receivable_amount - collections.overdue_amount') }} as company_current_amount_incl_tax,
    {{ money('collections.overdue_amount') }} as company_overdue_amount_incl_tax,
    {{ money('collections.unknown_role_amount') }} as company_unknown_role_amount_incl_tax,
    {{ money('collections.sales_amount') }} as company_sales_amount_incl_tax,
    cast(collections.window_month_count as bigint) as window_month_count,
    cast(collections.window_days as bigint) as window_days,
    {{ money('collections.window_sales_amount') }} as company_window_sales_amount_incl_tax,
    {{ ratio('collections.receivable_amount * collections.window_days', 'collections.dso_sales_amount') }} as dso_simple_days,
    {{ ratio('collections.countback_days', '1') }} as dso_countback_days,
    cast(collections.countback_month_count as bigint) as countback_month_count,
    collections.is_countback_capped,
    {{ ratio(
        '(collections.receivable_amount - collections.overdue_amount) * collections.window_days', 'collections.dso_sales_amount'
    ) }} as best_possible_dso_days,
    {{ ratio('collections.overdue_amount * collections.window_days', 'collections.dso_sales_amount') }} as delinquent_days,
    {{ money('collections.opening_amount') }} as company_opening_receivable_amount_incl_tax,
    {{ money('collections.collected_amount') }} as company_collected_amount_incl_tax,
    {{ money('collections.collectable_amount') }} as company_collectable_amount_incl_tax,
    {{ ratio(
        '100 * collections.collected_amount',
        'case when collections.collectable_amount > 0 then collections.collectable_amount end'
    ) }} as collection_effectiveness_percent,
    cast(coalesce(paid.paid_count, 0) as bigint) as paid_piece_count,
    {{ money('coalesce(paid.paid_amount, 0)') }} as company_paid_amount_incl_tax,
    {{ money('coalesce(paid.paid_amount_days, 0)') }} as company_paid_amount_days,
    {{ ratio('paid.paid_amount_days', 'paid.paid_amount') }} as average_days_late_on_paid_items
from collections
inner join companies on collections.company_id = companies.company_id
left join paid on collections.company_id = paid.company_id and collections.month_start = paid.paid_month

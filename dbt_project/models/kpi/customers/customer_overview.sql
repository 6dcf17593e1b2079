-- One row per as-of date, company and customer account that ever ordered, was invoiced, owes or claimed something:
-- where he stands today, and what to do next.
with

activity as (

    select * from {{ ref('customer_activity') }}
    where is_latest

),

open_items as (

    select * from {{ ref('open_items') }}
    where is_latest

),

order_lines as (

    select * from {{ ref('fct_order_lines') }}
    where document_type = 'order'

),

invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}
    where is_revenue

),

claims as (

    select * from {{ ref('fct_claims') }}

),

orders as (

    select
        company_id,
        sold_to_customer_id as customer_id,
        max(case when is_booked then order_date end) as last_ordered_on,
        count(distinct case when open_quantity > 0 then order_id end) as open_orders,
        sum(case when open_quantity > 0 then 1 else 0 end) as open_lines,
        sum(case when is_past_due then 1 else 0 end) as late_lines,
        sum(company_open_amount_excl_tax) as open_amount,
        sum(case when is_past_due then company_open_amount_excl_tax else 0 end) as late_amount,
        sum(company_amount_to_invoice_excl_tax) as to_invoice
    from order_lines
    group by company_id, sold_to_customer_id

),

sales as (

    select
        company_id,
        sold_to_customer_id as customer_id,
        sum(
            case
                when invoice_date > cast({{ dbt.dateadd('month', -12, as_of_date()) }} as date) then company_net_amount_excl_tax
                else 0
            end
        ) as net_sales
    from invoice_lines
    group by company_id, sold_to_customer_id

),

balances as (

    select
        company_id,
        customer_id,
        sum(company_open_amount) as balance,
        sum(company_overdue_amount) as overdue,
        sum(case when days_late is not null then 1 else 0 end) as late_items,
        max(days_late) as max_days_late,
        max(dunning_level) as dunning_level,
        sum(case when company_overdue_amount > 0 and promise_status = 'broken' then 1 else 0 end) as broken_promises,
        -- Late, and nobody has promised to pay it.
        sum(case when promise_status = 'pending' then 0 else company_overdue_amount end) as unpromised_overdue
    from open_items
    group by company_id, customer_id

),

-- How he pays by habit: what was paid in the last twelve months, early payments counted as such.
habits as (

    select
        company_id,
        customer_id,
        count(*) as paid_instalments,
        {{ percentile('days_paid_late', 0.5) }} as median_days_late
    from {{ ref('fct_instalments') }}
    where
        item_type = 'invoice'
        and days_paid_late is not null
        and paid_on > cast({{ dbt.dateadd('month', -12, as_of_date()) }} as date)
    group by company_id, customer_id

),

open_claims as (

    select
        company_id,
        customer_id,
        sum(case when is_open then 1 else 0 end) as open_claims,
        max(case when is_open then open_age_days end) as oldest_claim_days
    from claims
    group by company_id, customer_id

),

contacts as (

    select company_id, customer_id, max(occurred_on) as last_contact_on
    from {{ ref('fct_interactions') }}
    group by company_id, customer_id

),

accounts as (

    select company_id, customer_id from orders
    union distinct
    select company_id, customer_id from sales
    union distinct
    select company_id, customer_id from balances
    union distinct
    select company_id, customer_id from open_claims

),

gathered as (

    select
        accounts.company_id,
        accounts.customer_id,
        customers.customer_group_id,
        customers.payer_customer_id,
        customers.segment,
        customers.customer_class,
        customers.do_not_remind,
        coalesce(customers.insolvent_since <= {{ as_of_date() }}, false) as is_insolvent,
        companies.currency_code,
        coalesce(activity.activity_status, 'no_orders') as activity_status,
        orders.last_ordered_on,
        activity.next_order_expected_on,
        -- What is at stake is the group's: told once, on the account that decides.
        case when customers.customer_group_id = accounts.customer_id then activity.probability_alive end as probability_alive,
        case when customers.customer_group_id = accounts.customer_id then activity.sales_at_stake_excl_tax end as at_stake,
        coalesce(sales.net_sales, 0) as net_sales,
        coalesce(balances.balance, 0) as balance,
        coalesce(balances.overdue, 0) as overdue,
        coalesce(balances.unpromised_overdue, 0) as unpromised_overdue,
        coalesce(balances.late_items, 0) as late_items,
        balances.max_days_late,
        balances.dunning_level,
        coalesce(balances.broken_promises, 0) as broken_promises,
        coalesce(habits.paid_instalments, 0) as paid_instalments,
        habits.median_days_late,
        coalesce(orders.open_orders, 0) as open_orders,
        coalesce(orders.open_lines, 0) as open_lines,
        coalesce(orders.late_lines, 0) as late_lines,
        coalesce(orders.open_amount, 0) as open_amount,
        coalesce(orders.late_amount, 0) as late_amount,
        coalesce(orders.to_invoice, 0) as to_invoice,
        coalesce(open_claims.open_claims, 0) as open_claims,
        open_claims.oldest_claim_days,
        contacts.last_contact_on
    from accounts
    inner join {{ ref('dim_customer') }} as customers on accounts.customer_id = customers.customer_id
    inner join {{ ref('dim_company') }} as companies on accounts.company_id = companies.company_id
    left join activity
        on accounts.company_id = activity.company_id and customers.customer_group_id = activity.customer_id
    left join orders on accounts.company_id = orders.company_id and accounts.customer_id = orders.customer_id
    left join sales on accounts.company_id = sales.company_id and accounts.customer_id = sales.customer_id
    left join balances on accounts.company_id = balances.company_id and accounts.customer_id = balances.customer_id
    left join habits on accounts.company_id = habits.company_id and accounts.customer_id = habits.customer_id
    left join open_claims on accounts.company_id = open_claims.company_id and accounts.customer_id = open_claims.customer_id
    left join contacts on accounts.company_id = contacts.company_id and accounts.customer_id = contacts.customer_id

)

select
    {{ as_of_date() }} as as_of_date,
    company_id,
    customer_id,
    customer_group_id,
    payer_customer_id,
    segment,
    customer_class,
    is_insolvent,
    do_not_remind,
    currency_code,
    activity_status,
    last_ordered_on,
    next_order_expected_on,
    probability_alive,
    {{ money('at_stake') }} as sales_at_stake_excl_tax,
    {{ money('net_sales') }} as net_sales_12_months_excl_tax,
    {{ money('balance') }} as balance_incl_tax,
    {{ money('overdue') }} as overdue_incl_tax,
    cast(late_items as bigint) as late_item_count,
    max_days_late,
    dunning_level,
    cast(broken_promises as bigint) as broken_promise_count,
    cast(paid_instalments as bigint) as paid_instalment_count,
    cast(median_days_late as decimal(18, 2)) as median_days_paid_late,
    cast(open_orders as bigint) as open_order_count,
    cast(open_lines as bigint) as open_line_count,
    cast(late_lines as bigint) as late_line_count,
    {{ money('open_amount') }} as open_orders_excl_tax,
    {{ money('late_amount') }} as late_orders_excl_tax,
    {{ money('to_invoice') }} as to_invoice_excl_tax,
    cast(open_claims as bigint) as open_claim_count,
    oldest_claim_days,
    last_contact_on,
    -- One thing at a time: first what he waits for from us, then what we wait for from him.
    case
        when is_insolvent and (balance > 0 or open_lines > 0) then 'handle_insolvency'
        when open_claims > 0 then 'answer_claim'
        when late_lines > 0 then 'tell_new_date'
        when unpromised_overdue > 0 and not do_not_remind then 'chase_payment'
        when overdue > 0 and not do_not_remind then 'await_promised_payment'
        when activity_status in ('at_risk', 'dormant') then 'win_back'
        when activity_status in ('new', 'won_back') then 'follow_up'
        else 'none'
    end as next_action
from gathered

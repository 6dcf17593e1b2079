-- One row per as-of date, company, exposure level and customer with anything at risk: what is owed, delivered
-- or ordered and not paid, against the limits of that day. Level customer is the payer; level group sums the payers of a group.
{%- set parts = ['trade', 'bills_in_hand', 'discounted', 'factored', 'to_invoice', 'to_deliver', 'deposits', 'unallocated', 'without_recourse'] %}
with

open_items as (

    select * from {{ ref('open_items') }}

),

instalments as (

    select instalment_id, customer_id, factor_recourse from {{ ref('fct_instalments') }}

),

allocations as (

    select * from {{ ref('fct_payment_allocations') }}

),

orders as (

    select document_id, payer_customer_id, amount_excl_tax, amount_incl_tax
    from {{ ref('fct_documents') }}
    where document_type = 'order'

),

book_movements as (

    select * from {{ ref('int_order_book_movements') }}

),

invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

customers as (

    select customer_id, customer_group_id from {{ ref('dim_customer') }}

),

companies as (

    select company_id, currency_code from {{ ref('dim_company') }}

),

limits as (

    select * from {{ ref('fct_credit_limits') }}

),

exchange_rates as (

    select source_id, from_currency_code, to_currency_code, rate_date, cast(rate as double) as rate
    from {{ ref('fct_exchange_rates') }}
    union all
    select source_id, to_currency_code, from_currency_code, rate_date, 1 / cast(rate as double)
    from {{ ref('fct_exchange_rates') }}
    where rate > 0

),

as_of_dates as (

    select distinct as_of_date from open_items

),

-- What is owed, signed: credits and receipts not matched lower it.
owed as (

    select
        open_items.as_of_date,
        open_items.company_id,
        open_items.customer_id,
        case
            when open_items.account_role = 'deposits' then 'deposits'
            when open_items.unapplied_cash_amount <> 0 or open_items.unapplied_credit_amount <> 0 then 'unallocated'
            when open_items.account_role = 'bills_in_hand' then 'bills_in_hand'
            when open_items.account_role = 'bills_discounted' then 'discounted'
            -- With recourse unless the contract says otherwise.
            when open_items.account_role = 'factor' and not coalesce(instalments.factor_recourse, true) then 'without_recourse'
            when open_items.account_role = 'factor' then 'factored'
            else 'trade'
        end as part,
        sum(open_items.company_open_amount) as amount
    from open_items
    left join instalments on open_items.instalment_id = instalments.instalment_id
    group by 1, 2, 3, 4

),

-- What was ordered and what was delivered change on days; so do deposits, from their invoice until a final one deducts them
-- by a line, or is settled by them as by a payment.
changes as (

    select
        book_movements.company_id,
        orders.payer_customer_id as customer_id,
        book_movements.book as part,
        book_movements.occurred_on,
        {{ with_tax('book_movements.company_open_amount_excl_tax', 'orders.amount_incl_tax', 'orders.amount_excl_tax') }}
        - {{ with_tax('book_movements.previous_company_open_amount_excl_tax', 'orders.amount_incl_tax', 'orders.amount_excl_tax') }} as amount
    from book_movements
    inner join orders on book_movements.order_id = orders.document_id
    union all
    select
        company_id,
        payer_customer_id,
        'deposits',
        invoice_date,
        -{{ with_tax('company_net_amount_excl_tax', 'net_amount_incl_tax', 'net_amount_excl_tax') }}
    from invoice_lines
    where is_issued and (document_type = 'deposit_invoice' or line_type = 'deposit')
    union all
    select
        allocations.company_id,
        instalments.customer_id,
        'deposits',
        allocations.effective_date,
        allocations.company_amount
    from allocations
    inner join instalments on allocations.instalment_id = instalments.instalment_id
    where allocations.allocation_kind = 'deposit' and allocations.payment_id is null

),

periods as (

    select
        as_of_date,
        coalesce(lag(as_of_date) over (order by as_of_date), cast('1900-01-01' as date)) as after_date
    from as_of_dates

),

period_changes as (

    select
        changes.company_id,
        changes.customer_id,
        changes.part,
        periods.as_of_date,
        sum(changes.amount) as amount
    from changes
    inner join periods on changes.occurred_on > periods.after_date and changes.occurred_on <= periods.as_of_date
    group by 1, 2, 3, 4

),

members as (

    select distinct company_id, customer_id, part from period_changes

),

running as (

    select
        members.company_id,
        members.customer_id,
        members.part,
        as_of_dates.as_of_date,
        sum(coalesce(period_changes.amount, 0)) over (
            partition by members.company_id, members.customer_id, members.part order by as_of_dates.as_of_date
            rows between unbounded preceding and current row
        ) as amount
    from members
    cross join as_of_dates
    left join period_changes
        on
            members.company_id = period_changes.company_id
            and members.customer_id = period_changes.customer_id
            and members.part = period_changes.part
            and as_of_dates.as_of_date = period_changes.as_of_date

),

components as (

    select as_of_date, company_id, customer_id, part, amount
    from owed
    union all
    select as_of_date, company_id, customer_id, part, amount
    from running
    where amount <> 0

),

-- Of several limits in force on a day, the one granted last holds; of two of the same day, the lower.
limits_on as (

    select
        as_of_dates.as_of_date,
        companies.company_id,
        companies.currency_code as company_currency_code,
        limits.customer_id,
        limits.limit_kind,
        limits.currency_code,
        limits.amount,
        row_number() over (
            partition by as_of_dates.as_of_date, companies.company_id, limits.customer_id, limits.limit_kind
            order by limits.valid_from desc, limits.amount asc, limits.credit_limit_id asc
        ) as preference
    from limits
    inner join companies on limits.company_id = companies.company_id or limits.company_id is null
    inner join as_of_dates on {{ holds_on('limits.valid_from', 'limits.valid_to', 'as_of_dates.as_of_date') }}

),

limit_rates as (

    select
        limits_on.as_of_date,
        limits_on.currency_code,
        limits_on.company_currency_code,
        exchange_rates.rate,
        row_number() over (
            partition by limits_on.as_of_date, limits_on.currency_code, limits_on.company_currency_code
            order by exchange_rates.rate_date desc, exchange_rates.source_id asc
        ) as recency
    from (
        select distinct as_of_date, currency_code, company_currency_code
        from limits_on
        where currency_code <> company_currency_code
    ) as limits_on
    inner join exchange_rates
        on
            limits_on.currency_code = exchange_rates.from_currency_code
            and limits_on.company_currency_code = exchange_rates.to_currency_code
            and limits_on.as_of_date >= exchange_rates.rate_date

),

limit_amounts as (

    select
        limits_on.as_of_date,
        limits_on.company_id,
        limits_on.customer_id,
        sum(
            case when limits_on.limit_kind = 'internal'
                then limits_on.amount * case when limits_on.currency_code = limits_on.company_currency_code then 1 else limit_rates.rate end
            end
        ) as internal_amount,
        sum(
            case when limits_on.limit_kind = 'insured'
                then limits_on.amount * case when limits_on.currency_code = limits_on.company_currency_code then 1 else limit_rates.rate end
            end
        ) as insured_amount
    from limits_on
    left join limit_rates
        on
            limits_on.as_of_date = limit_rates.as_of_date
            and limits_on.currency_code = limit_rates.currency_code
            and limits_on.company_currency_code = limit_rates.company_currency_code
            and limit_rates.recency = 1
    where limits_on.preference = 1
    group by 1, 2, 3

),

levels as (

    select 'customer' as exposure_level, customer_id, customer_id as exposed_customer_id from customers
    union all
    select 'group', customer_id, customer_group_id from customers

),

exposures as (

    select
        components.as_of_date,
        components.company_id,
        levels.exposure_level,
        levels.exposed_customer_id as customer_id,
        count(distinct components.customer_id) as payer_count,
        {%- for part in parts %}
        sum(case when components.part = '{{ part }}' then {{ '-' if part in ('deposits', 'unallocated') }}components.amount else 0 end) as {{ part }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from components
    inner join levels on components.customer_id = levels.customer_id
    group by 1, 2, 3, 4

),

level_limits as (

    select
        limit_amounts.as_of_date,
        limit_amounts.company_id,
        levels.exposure_level,
        levels.exposed_customer_id as customer_id,
        sum(limit_amounts.internal_amount) as internal_amount,
        sum(limit_amounts.insured_amount) as insured_amount
    from limit_amounts
    inner join levels on limit_amounts.customer_id = levels.customer_id
    group by 1, 2, 3, 4

),

totals as (

    select
        *,
        trade_amount + bills_in_hand_amount + discounted_amount + factored_amount + to_invoice_amount + to_deliver_amount
        - deposits_amount - unallocated_amount as exposure_amount
    from exposures

)

select
    totals.as_of_date,
    totals.as_of_date = {{ as_of_date() }} as is_latest,
    totals.company_id,
    totals.exposure_level,
    totals.customer_id,
    companies.currency_code,
    cast(totals.payer_count as bigint) as payer_count,
    {{ money('totals.trade_amount') }} as company_trade_amount_incl_tax,
    {{ money('totals.bills_in_hand_amount') }} as company_bills_in_hand_amount_incl_tax,
    {{ money('totals.discounted_amount') }} as company_discounted_amount_incl_tax,
    {{ money('totals.factored_amount') }} as company_factored_with_recourse_amount_incl_tax,
    {{ money('totals.to_invoice_amount') }} as company_delivered_not_invoiced_amount_incl_tax,
    {{ money('totals.to_deliver_amount') }} as company_open_orders_amount_incl_tax,
    {{ money('totals.deposits_amount') }} as company_deposits_amount_incl_tax,
    {{ money('totals.unallocated_amount') }} as company_unallocated_amount_incl_tax,
    {{ money('totals.exposure_amount') }} as company_exposure_amount_incl_tax,
    {{ money('totals.without_recourse_amount') }} as company_factored_without_recourse_amount_incl_tax,
    {{ money('level_limits.internal_amount') }} as company_internal_limit_amount,
    {{ money('case when level_limits.internal_amount is not null then greatest(totals.exposure_amount - level_limits.internal_amount, 0) end') }}
        as company_internal_overrun_amount,
    {{ share('totals.exposure_amount', 'level_limits.internal_amount') }} as internal_limit_share,
    {{ money('level_limits.insured_amount') }} as company_insured_limit_amount,
    {{ money('case when level_limits.insured_amount is not null then greatest(totals.exposure_amount - level_limits.insured_amount, 0) end') }}
        as company_insured_overrun_amount,
    {{ share('totals.exposure_amount', 'level_limits.insured_amount') }} as insured_limit_share
from totals
inner join companies on totals.company_id = companies.company_id
left join level_limits
    on
        totals.as_of_date = level_limits.as_of_date
        and totals.company_id = level_limits.company_id
        and totals.exposure_level = level_limits.exposure_level
        and totals.customer_id = level_limits.customer_id

-- Exposure, the statement and the cut-off say of the same money what open items and the order book say.
with

owed as (

    select as_of_date, company_id, sum(company_open_amount) as amount
    from {{ ref('open_items') }}
    where account_role <> 'deposits'
    group by 1, 2

),

exposed as (

    select
        as_of_date,
        company_id,
        sum(
            company_trade_amount_incl_tax + company_bills_in_hand_amount_incl_tax + company_discounted_amount_incl_tax
            + company_factored_with_recourse_amount_incl_tax + company_factored_without_recourse_amount_incl_tax
            - company_unallocated_amount_incl_tax
        ) as amount
    from {{ ref('customer_exposure') }}
    where exposure_level = 'customer'
    group by 1, 2

),

grouped as (

    select
        as_of_date,
        company_id,
        sum(case when exposure_level = 'group' then company_exposure_amount_incl_tax else -company_exposure_amount_incl_tax end) as amount
    from {{ ref('customer_exposure') }}
    group by 1, 2

),

stated as (

    select
        as_of_date,
        company_id,
        sum(case when delay_bucket = 'total' then company_overdue_amount_incl_tax else -company_overdue_amount_incl_tax end) as amount
    from {{ ref('late_payment_statement') }}
    group by 1, 2

),

to_invoice as (

    select as_of_date, company_id, sum(closing_amount_excl_tax) as amount
    from {{ ref('order_book_daily') }}
    where book = 'to_invoice'
    group by 1, 2

),

closed as (

    select as_of_date, company_id, company_delivered_not_invoiced_amount_excl_tax as amount
    from {{ ref('cut_off_monthly') }}

)

select 'exposure is what open items are' as broken_rule, owed.as_of_date, owed.company_id, owed.amount, exposed.amount as told_amount
from owed
left join exposed on owed.as_of_date = exposed.as_of_date and owed.company_id = exposed.company_id
where abs(owed.amount - coalesce(exposed.amount, 0)) >= 0.01
union all
select 'groups expose what their payers do', as_of_date, company_id, amount, 0
from grouped
where abs(amount) >= 0.01
union all
select 'the buckets of the statement are its total', as_of_date, company_id, amount, 0
from stated
where abs(amount) >= 0.01
union all
select 'the cut-off is the book to invoice', closed.as_of_date, closed.company_id, coalesce(to_invoice.amount, 0), closed.amount
from closed
left join to_invoice on closed.as_of_date = to_invoice.as_of_date and closed.company_id = to_invoice.company_id
where abs(closed.amount - coalesce(to_invoice.amount, 0)) >= 0.01

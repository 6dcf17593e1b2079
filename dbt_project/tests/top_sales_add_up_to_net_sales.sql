-- Each level of top_sales_monthly is all of the net sales of its month, and its shares are all of what sold.
with

net_sales as (

    select company_id, {{ month_of('invoice_date') }} as month_start, sum(company_net_amount_excl_tax) as amount
    from {{ ref('fct_invoice_lines') }}
    where is_revenue
    group by 1, 2

),

levels as (

    select
        company_id,
        month_start,
        level,
        sum(net_sales_excl_tax) as amount,
        sum(sales_share) as share,
        max(cumulated_share) as cumulated_share,
        -- What the sixth decimal of each share leaves.
        0.000001 * count(*) as rounding
    from {{ ref('top_sales_monthly') }}
    group by 1, 2, 3

)

select net_sales.company_id, net_sales.month_start
from net_sales
left join levels on net_sales.company_id = levels.company_id and net_sales.month_start = levels.month_start
group by 1, 2
having
    count(distinct levels.level) < 3
    or min(levels.amount) <> max(levels.amount)
    or min(levels.amount) <> max(net_sales.amount)
    or max(abs(levels.share - 1) - levels.rounding) > 0
    or min(levels.cumulated_share) <> 1

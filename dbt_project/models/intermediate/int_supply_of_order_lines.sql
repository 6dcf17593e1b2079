-- One row per order line that is open on the as-of date and whose product is kept in stock at its
-- site: the day on which stock and expected receipts suffice for it, after all that is
-- being prepared or was promised before it.
with demand as (
    select
        order_line_id,
        company_id,
        product_id,
        site,
        open_quantity,
        sum(open_quantity) over (
            partition by company_id, product_id, site
            -- What is being prepared has its goods.
            order by
                case when is_in_preparation then 0 else 1 end,
                coalesce(promised_date, cast('9999-12-31' as date)),
                booked_date nulls last,
                order_line_id
            rows between unbounded preceding and current row
        ) as demand_so_far
    from {{ ref('fct_order_lines') }}
    where open_quantity > 0 and document_type = 'order'
),

stock as (
    select company_id, product_id, site, sum(quantity_on_hand) as quantity_on_hand
    from {{ ref('fct_stock_levels') }}
    group by company_id, product_id, site
),

-- A receipt that is overdue is not counted on: nobody knows when it comes.
supply as (
    select company_id, product_id, site, {{ as_of_date() }} as available_on, quantity_on_hand as quantity
    from stock
    union all
    select company_id, product_id, site, expected_date, quantity
    from {{ ref('fct_expected_receipts') }}
    where not is_overdue
),

supply_so_far as (
    select
        company_id,
        product_id,
        site,
        available_on,
        sum(sum(quantity)) over (
            partition by company_id, product_id, site order by available_on
            rows between unbounded preceding and current row
        ) as quantity
    from supply
    group by company_id, product_id, site, available_on
)

select
    demand.order_line_id,
    demand.company_id,
    demand.product_id,
    demand.site,
    demand.open_quantity,
    cast(demand.demand_so_far as decimal(18, 4)) as demand_so_far,
    cast(stock.quantity_on_hand as decimal(18, 4)) as quantity_on_hand,
    demand.demand_so_far <= stock.quantity_on_hand as is_in_stock,
    min(supply_so_far.available_on) as covered_on
from demand
inner join stock
    on
        demand.company_id = stock.company_id
        and demand.product_id = stock.product_id
        and demand.site = stock.site
left join supply_so_far
    on
        demand.company_id = supply_so_far.company_id
        and demand.product_id = supply_so_far.product_id
        and demand.site = supply_so_far.site
        and demand.demand_so_far <= supply_so_far.quantity
group by
    demand.order_line_id, demand.company_id, demand.product_id, demand.site, demand.open_quantity,
    demand.demand_so_far, stock.quantity_on_hand

-- One row per company, product and site with stock, demand or receipts on the as-of date: whether
-- what is there and what is coming suffices, day by day, for what is ordered and for what is likely.
with firm_demand as (
    select
        company_id,
        product_id,
        site,
        order_line_id,
        order_id,
        -- What is late, or was promised for no day, is wanted today.
        greatest(coalesce(promised_date, {{ as_of_date() }}), {{ as_of_date() }}) as wanted_on,
        open_quantity as quantity,
        company_open_amount_excl_tax as amount
    from {{ ref('fct_order_lines') }}
    where open_quantity > 0 and document_type = 'order'
),

probable_demand as (
    select
        quotes.company_id,
        coalesce({{ known('lines.product_id') }}, 'unknown') as product_id,
        coalesce(lines.site, quotes.site) as site,
        coalesce(quotes.probable_delivery_date, {{ as_of_date() }}) as wanted_on,
        lines.quantity as quoted_quantity,
        -- Decimals, in which shares add up exactly.
        cast(lines.quantity * quotes.probability as decimal(38, 10)) as quantity
    from {{ ref('int_quotes') }} as quotes
    inner join {{ ref('int_document_lines') }} as lines on quotes.quote_id = lines.document_id
    {{ join_known('product', 'lines.product_id') }}
    where quotes.probability > 0 and lines.line_type = 'product' and lines.quantity > 0
),

stock as (
    select company_id, product_id, site, sum(quantity_on_hand) as quantity_on_hand, sum(quantity_reserved) as quantity_reserved
    from {{ ref('fct_stock_levels') }}
    group by company_id, product_id, site
),

receipts as (
    select company_id, product_id, site, expected_date, quantity, is_overdue
    from {{ ref('fct_expected_receipts') }}
),

-- Overdue receipts are shown and not counted on: nobody knows when they come.
movements as (
    select company_id, product_id, site, {{ as_of_date() }} as date_day, quantity_on_hand as supply, 0 as firm, cast(0 as decimal(38, 10)) as probable
    from stock
    union all
    select company_id, product_id, site, expected_date, quantity, 0, 0
    from receipts
    where not is_overdue
    union all
    select company_id, product_id, site, wanted_on, 0, quantity, 0
    from firm_demand
    union all
    select company_id, product_id, site, wanted_on, 0, 0, quantity
    from probable_demand
),

-- Goods that come in on a day can leave on it.
balances as (
    select
        company_id,
        product_id,
        site,
        date_day,
        sum(sum(supply) - sum(firm)) over (
            partition by company_id, product_id, site order by date_day
            rows between unbounded preceding and current row
        ) as firm_balance,
        sum(sum(supply) - sum(firm) - sum(probable)) over (
            partition by company_id, product_id, site order by date_day
            rows between unbounded preceding and current row
        ) as probable_balance,
        sum(supply) as supply,
        sum(firm) as firm,
        sum(probable) as probable
    from movements
    group by company_id, product_id, site, date_day
),

totals as (
    select
        company_id,
        product_id,
        site,
        sum(firm) as firm_quantity,
        sum(probable) as probable_quantity,
        min(case when firm_balance < 0 then date_day end) as first_day_short,
        greatest(-min(firm_balance), 0) as quantity_short,
        min(case when probable_balance < 0 then date_day end) as first_day_short_with_quotes,
        greatest(-min(probable_balance), 0) as quantity_short_with_quotes
    from balances
    group by company_id, product_id, site
),

coming as (
    select
        company_id,
        product_id,
        site,
        sum(case when is_overdue then 0 else quantity end) as receipt_quantity,
        min(case when not is_overdue then expected_date end) as next_receipt_on,
        sum(case when is_overdue then quantity else 0 end) as overdue_receipt_quantity
    from receipts
    group by company_id, product_id, site
),

-- Goods go to what is being prepared, then to the earliest promise: the others wait beyond theirs.
lines_at_risk as (
    select
        demand.company_id,
        demand.product_id,
        demand.site,
        count(*) as lines_at_risk,
        count(distinct demand.order_id) as orders_at_risk,
        sum(demand.amount) as amount_at_risk
    from firm_demand as demand
    inner join {{ ref('int_supply_of_order_lines') }} as supply on demand.order_line_id = supply.order_line_id
    where supply.covered_on is null or supply.covered_on > demand.wanted_on
    group by demand.company_id, demand.product_id, demand.site
)

select
    totals.company_id,
    {{ as_of_date() }} as as_of_date,
    totals.product_id,
    totals.site,
    product.product_range,
    stock.product_id is not null as is_stocked,
    {{ money('stock.quantity_on_hand') }} as quantity_on_hand,
    {{ money('stock.quantity_reserved') }} as quantity_reserved,
    {{ money('coalesce(coming.receipt_quantity, 0)') }} as receipt_quantity,
    coming.next_receipt_on,
    {{ money('coalesce(coming.overdue_receipt_quantity, 0)') }} as overdue_receipt_quantity,
    {{ money('totals.firm_quantity') }} as firm_quantity,
    {{ money('totals.probable_quantity') }} as probable_quantity,
    case when stock.product_id is not null then totals.first_day_short end as first_day_short,
    case when stock.product_id is not null then {{ money('totals.quantity_short') }} end as quantity_short,
    case when stock.product_id is not null then totals.first_day_short_with_quotes end as first_day_short_with_quotes,
    case when stock.product_id is not null then {{ money('totals.quantity_short_with_quotes') }} end as quantity_short_with_quotes,
    company.currency_code,
    case when stock.product_id is not null then cast(coalesce(lines_at_risk.orders_at_risk, 0) as bigint) end as orders_at_risk,
    case when stock.product_id is not null then cast(coalesce(lines_at_risk.lines_at_risk, 0) as bigint) end as lines_at_risk,
    case when stock.product_id is not null then {{ money('coalesce(lines_at_risk.amount_at_risk, 0)') }} end as amount_at_risk_excl_tax
from totals
inner join {{ ref('dim_company') }} as company on totals.company_id = company.company_id
inner join {{ ref('dim_product') }} as product on totals.product_id = product.product_id
{%- for relation in ['stock', 'coming', 'lines_at_risk'] %}
left join {{ relation }}
    on
        totals.company_id = {{ relation }}.company_id
        and totals.product_id = {{ relation }}.product_id
        and totals.site = {{ relation }}.site
{%- endfor %}

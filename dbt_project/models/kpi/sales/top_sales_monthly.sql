-- One row per month, company, level (product, range or customer) and rank by net sales.
{%- set levels = {
    'product': 'lines.product_id',
    'range': 'products.product_range',
    'customer': 'lines.sold_to_customer_id',
} %}
{%- set standing = 'partition by company_id, level, month_start' %}
with

lines as (

    select * from {{ ref('fct_invoice_lines') }}
    where is_revenue

),

products as (

    select product_id, product_range
    from {{ ref('dim_product') }}

),

companies as (

    select company_id, currency_code
    from {{ ref('dim_company') }}

),

members as (
    {% for level, member in levels.items() %}
    select
        {{ month_of('lines.invoice_date') }} as month_start,
        lines.company_id,
        '{{ level }}' as level,
        {{ member }} as member_id,
        count(*) as line_count,
        sum(lines.company_net_amount_excl_tax) as net_sales,
        sum(lines.net_quantity) as quantity,
        min(lines.unit) as unit,
        count(distinct coalesce(lines.unit, '')) as unit_count,
        sum(case when lines.company_net_cost is not null then lines.company_net_amount_excl_tax else 0 end) as costed_sales,
        sum(coalesce(lines.company_net_cost, 0)) as cost
    from lines
    {%- if level == 'range' %}
    inner join products on lines.product_id = products.product_id
    {%- endif %}
    group by 1, 2, 3, 4
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

ranked as (

    select
        *,
        row_number() over ({{ standing }} order by net_sales desc, member_id asc) as sales_rank,
        rank() over ({{ standing }} order by quantity desc) as quantity_rank,
        rank() over ({{ standing }} order by costed_sales - cost desc) as margin_rank,
        sum(greatest(net_sales, 0)) over ({{ standing }}) as positive_sales,
        sum(greatest(net_sales, 0)) over (
            {{ standing }} order by net_sales desc, member_id asc
            rows between unbounded preceding and current row
        ) as cumulated_sales
    from members

)

select
    ranked.month_start,
    ranked.company_id,
    ranked.level,
    ranked.sales_rank,
    ranked.member_id,
    companies.currency_code,
    ranked.line_count,
    {{ money('ranked.net_sales') }} as net_sales_excl_tax,
    -- Pieces and metres do not add up.
    case when ranked.unit_count = 1 then {{ money('ranked.quantity') }} end as net_quantity,
    case when ranked.unit_count = 1 then ranked.unit end as unit,
    'unit_cost_at_shipment' as cost_method,
    {{ money('ranked.costed_sales') }} as costed_sales_excl_tax,
    {{ money('ranked.cost') }} as cost_excl_tax,
    {{ money('ranked.costed_sales - ranked.cost') }} as margin_excl_tax,
    {{ ratio('ranked.costed_sales - ranked.cost', 'ranked.costed_sales') }} as margin_rate,
    case when ranked.unit_count = 1 then ranked.quantity_rank end as quantity_rank,
    ranked.margin_rank,
    {{ money('ranked.positive_sales') }} as positive_sales_excl_tax,
    {{ money('ranked.cumulated_sales') }} as cumulated_sales_excl_tax,
    case when ranked.net_sales > 0 then {{ ratio('ranked.net_sales', 'ranked.positive_sales') }} end as sales_share,
    case when ranked.net_sales > 0 then {{ ratio('ranked.cumulated_sales', 'ranked.positive_sales') }} end as cumulated_share,
    -- What begins below the limit belongs to the class, so that the largest member is always an A.
    case
        when ranked.net_sales <= 0 then 'none'
        when ranked.cumulated_sales - ranked.net_sales < ranked.positive_sales * {{ var('abc_a_share') }} then 'A'
        when ranked.cumulated_sales - ranked.net_sales < ranked.positive_sales * {{ var('abc_b_share') }} then 'B'
        else 'C'
    end as abc_class
from ranked
inner join companies on ranked.company_id = companies.company_id

-- One row per as-of date, company and product that was ever sold: what it sells along with, what its baskets earn,
-- whether customers begin with it and what those customers earn afterwards. A basket is the goods of one order.
with

invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}
    where is_revenue and line_type = 'product' and product_id <> 'unknown'

),

customers as (

    select customer_id, customer_group_id, segment
    from {{ ref('dim_customer') }}

),

orders as (

    select document_id, document_date
    from {{ ref('fct_documents') }}
    where document_type = 'order'

),

companies as (

    select company_id, currency_code
    from {{ ref('dim_company') }}

),

invoiced_orders as (

    select document_id, min(order_id) as order_id
    from invoice_lines
    where document_type = 'invoice'
    group by 1

),

-- An invoice without an order is a basket of its own; credit notes take back from the basket of the invoice that they name.
bought as (

    select
        lines.company_id,
        coalesce(lines.order_id, invoiced_orders.order_id, lines.corrects_document_id, lines.document_id) as basket_id,
        lines.product_id,
        customers.customer_group_id as customer_id,
        min(coalesce(orders.document_date, lines.invoice_date)) as bought_on,
        sum(lines.company_net_amount_excl_tax) as net_sales,
        sum(case when lines.company_net_cost is not null then lines.company_net_amount_excl_tax else 0 end) as costed_sales,
        sum(coalesce(lines.company_net_cost, 0)) as cost
    from invoice_lines as lines
    inner join customers on lines.sold_to_customer_id = customers.customer_id
    left join invoiced_orders on lines.corrects_document_id = invoiced_orders.document_id
    left join orders on coalesce(lines.order_id, invoiced_orders.order_id) = orders.document_id
    group by 1, 2, 3, 4

),

baskets as (

    select
        bought.company_id,
        bought.basket_id,
        bought.customer_id,
        customers.segment,
        min(bought.bought_on) as bought_on,
        cast({{ dbt.date_trunc('quarter', 'min(bought.bought_on)') }} as date) as quarter_start,
        sum(bought.costed_sales - bought.cost) as margin,
        min(min(bought.bought_on)) over (partition by bought.company_id, bought.customer_id) as first_bought_on
    from bought
    inner join customers on bought.customer_id = customers.customer_id
    group by 1, 2, 3, 4

),

contents as (

    select
        bought.company_id,
        bought.product_id,
        bought.basket_id,
        bought.customer_id,
        baskets.segment,
        baskets.quarter_start,
        baskets.margin,
        baskets.bought_on = baskets.first_bought_on as is_first
    from bought
    inner join baskets
        on
            bought.company_id = baskets.company_id
            and bought.basket_id = baskets.basket_id
            and bought.customer_id = baskets.customer_id

),

segments as (

    select
        company_id,
        segment,
        count(*) as baskets,
        sum(margin) as margin
    from baskets
    group by 1, 2

),

-- What is bought first is compared with what others of the segment bought again in the same quarter: assortments
-- and seasons change.
cells as (

    select
        company_id,
        segment,
        quarter_start,
        count(distinct case when bought_on = first_bought_on then customer_id end) as customers,
        sum(case when bought_on > first_bought_on then 1 else 0 end) as later_baskets
    from baskets
    group by 1, 2, 3
    having sum(case when bought_on > first_bought_on then 1 else 0 end) > 0

),

totals as (

    select
        segments.company_id,
        sum(segments.baskets) as baskets,
        max(first_customers.customers) as customers
    from segments
    inner join (select company_id, sum(customers) as customers from cells group by 1) as first_customers
        on segments.company_id = first_customers.company_id
    group by 1

),

-- What each customer earned in the year after his first purchase, once that year has passed.
follow_on as (

    select
        company_id,
        customer_id,
        segment,
        cast({{ dbt.date_trunc('quarter', 'first_bought_on') }} as date) as quarter_start,
        sum(
            case
                when bought_on > first_bought_on and bought_on <= {{ add_days('first_bought_on', var('follow_on_days') | int) }} then margin
                else 0
            end
        ) as margin
    from baskets
    where first_bought_on <= {{ add_days(as_of_date(), -(var('follow_on_days') | int)) }}
    group by 1, 2, 3, 4

),

follow_on_cells as (

    select
        company_id,
        segment,
        quarter_start,
        count(*) as customers,
        sum(margin) as margin
    from follow_on
    group by 1, 2, 3

),

product_sales as (

    select
        company_id,
        product_id,
        sum(net_sales) as net_sales,
        sum(costed_sales) as costed_sales,
        sum(cost) as cost,
        count(distinct basket_id) as baskets
    from bought
    group by 1, 2

),

ranked as (

    select
        *,
        {{ ratio('costed_sales - cost', 'costed_sales') }} as margin_rate,
        percent_rank() over (partition by company_id order by net_sales desc) as sales_position,
        case
            when costed_sales > 0
                then percent_rank() over (
                    partition by company_id, costed_sales > 0
                    order by cast(costed_sales - cost as double) / nullif(cast(costed_sales as double), 0) asc nulls last
                )
        end as margin_position
    from product_sales

),

by_segment as (

    select
        company_id,
        product_id,
        segment,
        count(*) as baskets,
        sum(margin) as margin
    from contents
    group by 1, 2, 3

),

by_cell as (

    select
        company_id,
        product_id,
        segment,
        quarter_start,
        sum(case when is_first then 0 else 1 end) as later_baskets,
        count(distinct case when is_first then customer_id end) as first_customers
    from contents
    group by 1, 2, 3, 4

),

-- Baskets with the product against baskets of the same segments without it.
matched_baskets as (

    select
        by_segment.company_id,
        by_segment.product_id,
        sum(by_segment.baskets) as baskets,
        sum(by_segment.margin) as margin,
        sum(
            by_segment.baskets * cast(segments.margin - by_segment.margin as double)
            / (segments.baskets - by_segment.baskets)
        ) as matched_margin
    from by_segment
    inner join segments on by_segment.company_id = segments.company_id and by_segment.segment = segments.segment
    where segments.baskets > by_segment.baskets
    group by 1, 2

),

-- How many first purchases would contain the product if they were as the later ones are.
first_orders as (

    select
        by_cell.company_id,
        by_cell.product_id,
        sum(by_cell.first_customers) as first_customers,
        sum(cells.customers * cast(by_cell.later_baskets as double) / cells.later_baskets) as expected_first_customers
    from by_cell
    inner join cells
        on
            by_cell.company_id = cells.company_id
            and by_cell.segment = cells.segment
            and by_cell.quarter_start = cells.quarter_start
    group by 1, 2

),

beginnings as (

    select
        starts.company_id,
        starts.product_id,
        follow_on.segment,
        follow_on.quarter_start,
        count(*) as customers,
        sum(follow_on.margin) as margin
    from (select distinct company_id, product_id, customer_id from contents where is_first) as starts
    inner join follow_on on starts.company_id = follow_on.company_id and starts.customer_id = follow_on.customer_id
    group by 1, 2, 3, 4

),

-- Customers who began with it against those of the same segment who began in the same quarter without it.
matched_beginnings as (

    select
        beginnings.company_id,
        beginnings.product_id,
        sum(beginnings.customers) as customers,
        sum(beginnings.margin) as margin,
        sum(
            beginnings.customers * cast(follow_on_cells.margin - beginnings.margin as double)
            / (follow_on_cells.customers - beginnings.customers)
        ) as matched_margin
    from beginnings
    inner join follow_on_cells
        on
            beginnings.company_id = follow_on_cells.company_id
            and beginnings.segment = follow_on_cells.segment
            and beginnings.quarter_start = follow_on_cells.quarter_start
    where follow_on_cells.customers > beginnings.customers
    group by 1, 2

),

-- Pairs of frequent products only: their number stays bounded whatever the catalogue.
frequent as (

    select
        contents.company_id,
        contents.product_id,
        contents.basket_id,
        product_sales.baskets,
        totals.baskets as all_baskets
    from contents
    inner join product_sales
        on contents.company_id = product_sales.company_id and contents.product_id = product_sales.product_id
    inner join totals on contents.company_id = totals.company_id
    where product_sales.baskets >= greatest({{ var('association_minimum_baskets') }}, {{ var('association_minimum_support') }} * totals.baskets)

),

pairs as (

    select
        frequent.company_id,
        frequent.product_id,
        partner.product_id as partner_product_id,
        frequent.baskets,
        partner.baskets as partner_baskets,
        frequent.all_baskets,
        count(*) as pair_baskets
    from frequent
    inner join frequent as partner
        on
            frequent.company_id = partner.company_id
            and frequent.basket_id = partner.basket_id
            and frequent.product_id <> partner.product_id
    group by 1, 2, 3, 4, 5, 6
    having count(*) >= {{ var('association_minimum_baskets') }}

),

partners as (

    select
        *,
        row_number() over (
            partition by company_id, product_id
            order by cast(pair_baskets as double) / partner_baskets desc, pair_baskets desc, partner_product_id asc
        ) as preference
    from pairs

),

declared as (

    select product_code
    from {{ ref('declared_loss_leaders') }}

),

components as (

    select
        ranked.*,
        products.product_code,
        products.product_range,
        totals.baskets as all_baskets,
        totals.customers as all_customers,
        partners.partner_product_id,
        partners.partner_baskets,
        partners.pair_baskets,
        matched_baskets.baskets as matched_baskets,
        matched_baskets.margin as basket_margin,
        matched_baskets.matched_margin as matched_basket_margin,
        coalesce(first_orders.first_customers, 0) as first_customers,
        coalesce(first_orders.expected_first_customers, 0) as expected_first_customers,
        coalesce(matched_beginnings.customers, 0) as follow_on_customers,
        matched_beginnings.margin as follow_on_margin,
        matched_beginnings.matched_margin as matched_follow_on_margin,
        declared.product_code is not null as is_declared
    from ranked
    inner join totals on ranked.company_id = totals.company_id
    inner join {{ ref('dim_product') }} as products on ranked.product_id = products.product_id
    left join declared on products.product_code = declared.product_code
    left join partners
        on ranked.company_id = partners.company_id and ranked.product_id = partners.product_id and partners.preference = 1
    left join matched_baskets
        on ranked.company_id = matched_baskets.company_id and ranked.product_id = matched_baskets.product_id
    left join first_orders
        on ranked.company_id = first_orders.company_id and ranked.product_id = first_orders.product_id
    left join matched_beginnings
        on ranked.company_id = matched_beginnings.company_id and ranked.product_id = matched_beginnings.product_id

),

judged as (

    select
        *,
        -- Distance from what chance would give, in standard errors of a share.
        case
            when expected_first_customers > 0 and expected_first_customers < all_customers
                then
                    (first_customers - expected_first_customers)
                    / sqrt(expected_first_customers * (1 - expected_first_customers / all_customers))
        end as first_order_z,
        margin_position <= 0.25 as is_bottom_margin,
        sales_position < 0.2 as is_top_seller
    from components

),

labelled as (

    select
        *,
        coalesce(
            first_customers >= {{ var('entry_minimum_customers') }}
            and (expected_first_customers = 0 or first_order_z >= {{ var('entry_minimum_z') }}),
            false
        ) as begins_customers,
        coalesce(cast(follow_on_margin as double) > matched_follow_on_margin, false) as follow_on_is_above
    from judged

)

select
    {{ as_of_date() }} as as_of_date,
    labelled.company_id,
    labelled.product_id,
    labelled.product_range,
    companies.currency_code,
    {{ money('labelled.net_sales') }} as net_sales_excl_tax,
    {{ money('labelled.costed_sales') }} as costed_sales_excl_tax,
    {{ money('labelled.costed_sales - labelled.cost') }} as margin_excl_tax,
    labelled.margin_rate,
    cast(labelled.baskets as bigint) as basket_count,
    cast(labelled.all_baskets as bigint) as all_basket_count,
    {{ ratio('labelled.baskets', 'labelled.all_baskets') }} as support,
    labelled.partner_product_id,
    cast(labelled.partner_baskets as bigint) as partner_basket_count,
    cast(labelled.pair_baskets as bigint) as pair_basket_count,
    {{ ratio('labelled.pair_baskets', 'labelled.baskets') }} as confidence,
    {{ ratio('cast(labelled.pair_baskets as double) * labelled.all_baskets', 'cast(labelled.baskets as double) * labelled.partner_baskets') }} as lift,
    cast(labelled.matched_baskets as bigint) as matched_basket_count,
    {{ apportioned('labelled.basket_margin', '1', 'labelled.matched_baskets') }} as basket_margin_with_excl_tax,
    {{ money('round(cast(labelled.matched_basket_margin as double) / nullif(labelled.matched_baskets, 0), 4)') }} as basket_margin_without_excl_tax,
    cast(labelled.first_customers as bigint) as first_order_count,
    cast(labelled.all_customers as bigint) as all_first_order_count,
    {{ ratio('labelled.first_customers', 'labelled.all_customers') }} as first_order_share,
    {{ ratio('labelled.expected_first_customers', 'labelled.all_customers') }} as later_order_share,
    cast(labelled.first_order_z as decimal(18, 2)) as first_order_z,
    cast(labelled.follow_on_customers as bigint) as follow_on_customer_count,
    {{ apportioned('labelled.follow_on_margin', '1', 'labelled.follow_on_customers') }} as follow_on_margin_excl_tax,
    {{ money('round(cast(labelled.matched_follow_on_margin as double) / nullif(labelled.follow_on_customers, 0), 4)') }} as matched_follow_on_margin_excl_tax,
    labelled.begins_customers,
    labelled.follow_on_is_above,
    coalesce(labelled.is_bottom_margin, false) as is_in_bottom_margin_quartile,
    labelled.is_top_seller,
    labelled.is_declared as is_declared_loss_leader,
    labelled.begins_customers and labelled.follow_on_is_above as is_entry_product,
    labelled.begins_customers and labelled.follow_on_is_above and coalesce(labelled.is_bottom_margin, false) as is_loss_leader,
    not labelled.is_declared and not labelled.is_top_seller as is_unsuspected
from labelled
inner join companies on labelled.company_id = companies.company_id

-- One row per order line with goods still to leave, or to be validated, on the as-of date: where it
-- stands, what it waits for and when it is expected.
with order_lines as (
    select
        lines.*,
        lines.open_quantity > 0 as is_in_book,
        case
            when lines.open_quantity > 0 then lines.open_quantity
            else lines.ordered_quantity - lines.cancelled_quantity
        end as quantity_to_deliver,
        orders.last_told_date,
        orders.carrier,
        orders.customer_reference
    from {{ ref('fct_order_lines') }} as lines
    inner join {{ ref('fct_documents') }} as orders on lines.order_id = orders.document_id
    where
        lines.document_type = 'order'
        and lines.is_deliverable
        and (
            lines.open_quantity > 0
            -- Not in the book yet: waiting to be validated, or held before it was.
            or (not lines.is_booked and not lines.is_closed and lines.ordered_quantity > lines.cancelled_quantity)
        )
),

waits as (
    select
        order_id,
        max(case when stage = 'waiting_for_sales' then 1 else 0 end) = 1 as waits_for_sales,
        max(case when stage = 'waiting_for_credit' then 1 else 0 end) = 1 as waits_for_credit,
        max(case when stage = 'waiting_for_customer' then 1 else 0 end) = 1 as waits_for_customer,
        min(started_at) as waiting_since
    from {{ ref('int_order_stages') }}
    where left_at is null and stage in ('waiting_for_sales', 'waiting_for_credit', 'waiting_for_customer')
    group by order_id
),

expected as (
    select order_line_id, expected_date, expected_date_rule, usual_cases
    from {{ ref('int_expected_dates') }}
    where known_on = {{ as_of_date() }}
),

joined as (
    select
        order_lines.*,
        supply.quantity_on_hand,
        supply.covered_on,
        supply.is_in_stock,
        waits.waiting_since,
        case
            when order_lines.order_status in ('draft', 'to_validate') or coalesce(waits.waits_for_sales, false) then 'sales'
            when coalesce(waits.waits_for_credit, false) then 'credit'
            when coalesce(waits.waits_for_customer, false) then 'customer'
            when not order_lines.is_booked then 'sales'
            when not supply.is_in_stock then 'stock'
            when order_lines.promised_date > {{ add_days(as_of_date(), var('shipping_lead_days') | int) }} then 'promised_date'
            else 'warehouse'
        end as waits_for,
        case
            when supply.covered_on > expected.expected_date then supply.covered_on
            -- What is not in stock and not on its way cannot be expected at any day.
            when not supply.is_in_stock and supply.covered_on is null then null
            else expected.expected_date
        end as expected_date,
        case
            when supply.covered_on > expected.expected_date then 'expected_receipt'
            when not supply.is_in_stock and supply.covered_on is null then 'no_supply'
            else coalesce(expected.expected_date_rule, 'unknown')
        end as expected_date_rule,
        expected.usual_cases
    from order_lines
    left join waits on order_lines.order_id = waits.order_id
    left join expected on order_lines.order_line_id = expected.order_line_id
    left join {{ ref('int_supply_of_order_lines') }} as supply on order_lines.order_line_id = supply.order_line_id
)

select
    joined.company_id,
    {{ as_of_date() }} as as_of_date,
    joined.order_line_id,
    joined.order_id,
    joined.document_number as order_number,
    joined.line_number,
    joined.customer_reference,
    joined.sold_to_customer_id,
    joined.product_id,
    product.product_range,
    joined.site,
    joined.carrier,
    joined.agent_id,
    joined.salesperson_id,
    joined.team,
    joined.order_date,
    case
        when not joined.is_in_book then 'to_validate'
        when joined.order_status = 'blocked' then 'blocked'
        when joined.delivered_quantity > 0 then 'part_shipped'
        when joined.is_in_preparation then 'in_preparation'
        else 'validated'
    end as stage,
    joined.waits_for,
    joined.waiting_since,
    {{ money('joined.quantity_to_deliver') }} as quantity_to_deliver,
    joined.delivered_quantity,
    joined.unit,
    company.currency_code,
    case when joined.is_in_book then joined.company_open_amount_excl_tax else joined.company_amount_excl_tax end as amount_to_deliver_excl_tax,
    joined.requested_date,
    joined.first_confirmed_date,
    joined.promised_date,
    joined.last_told_date,
    joined.quantity_on_hand,
    joined.covered_on,
    joined.expected_date,
    joined.expected_date_rule,
    joined.usual_cases,
    case
        when joined.promised_date < {{ as_of_date() }} then {{ days_between('joined.promised_date', as_of_date()) }}
    end as days_late,
    {{ days_between('joined.promised_date', 'joined.expected_date') }} as expected_days_late,
    joined.is_in_book
    and coalesce(
        coalesce(joined.expected_date, {{ as_of_date() }}) > coalesce(joined.last_told_date, joined.first_confirmed_date, joined.requested_date),
        false
    ) as is_notice_due
from joined
inner join {{ ref('dim_product') }} as product on joined.product_id = product.product_id
inner join {{ ref('dim_company') }} as company on joined.company_id = company.company_id

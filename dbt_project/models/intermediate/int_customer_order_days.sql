-- One row per company, customer who decides and day on which he ordered. An invoice without an order
-- is a purchase on its date. Group companies and the unknown customer have no habits.
with

orders as (

    select company_id, sold_to_customer_id, document_date as ordered_on
    from {{ ref('fct_documents') }}
    where document_type = 'order' and booked_date is not null
    union all
    select company_id, sold_to_customer_id, min(invoice_date) as ordered_on
    from {{ ref('fct_invoice_lines') }}
    where document_type = 'invoice' and is_revenue
    group by company_id, sold_to_customer_id, document_id
    having count(order_id) = 0

),

days as (

    select
        orders.company_id,
        customers.customer_group_id as customer_id,
        orders.ordered_on,
        count(*) as order_count
    from orders
    inner join {{ ref('dim_customer') }} as customers on orders.sold_to_customer_id = customers.customer_id
    where customers.customer_class <> 'intercompany' and customers.customer_id <> 'unknown'
    group by orders.company_id, customers.customer_group_id, orders.ordered_on

)

select
    company_id,
    customer_id,
    ordered_on,
    order_count,
    row_number() over (partition by company_id, customer_id order by ordered_on) as day_number,
    min(ordered_on) over (partition by company_id, customer_id) as first_ordered_on,
    lag(ordered_on) over (partition by company_id, customer_id order by ordered_on) as previous_ordered_on,
    lead(ordered_on) over (partition by company_id, customer_id order by ordered_on) as next_ordered_on
from days
where ordered_on <= {{ as_of_date() }}

-- One row per company, day, book, document type, segment, range, site and promised month in which
-- something was open at the day's end or moved on the day.
with movements as (
    select
        movement.*,
        customer.segment as customer_segment,
        product.product_range
    from {{ ref('int_order_book_movements') }} as movement
    inner join {{ ref('dim_customer') }} as customer on movement.sold_to_customer_id = customer.customer_id
    inner join {{ ref('dim_product') }} as product on movement.product_id = product.product_id
),

{{ order_book_days(['company_id', 'book', 'document_type', 'customer_segment', 'product_range', 'site']) }}

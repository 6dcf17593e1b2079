-- One row per company, day, book, document type, salesperson, site and promised month in which
-- something was open at the day's end or moved on the day.
with movements as (
    select *
    from {{ ref('int_order_book_movements') }}
),

{{ order_book_days(['company_id', 'book', 'document_type', 'salesperson_id', 'site']) }}

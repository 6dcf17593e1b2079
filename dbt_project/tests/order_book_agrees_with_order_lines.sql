-- What the order book holds at the end of the as-of date is what is open on the order lines.
with book as (
    select
        company_id,
        sum(case when book = 'to_deliver' then closing_lines else 0 end) as lines_to_deliver,
        sum(case when book = 'to_deliver' then closing_amount_excl_tax else 0 end) as amount_to_deliver,
        sum(case when book = 'to_deliver' then past_due_lines else 0 end) as lines_past_due,
        sum(case when book = 'to_invoice' then closing_lines else 0 end) as lines_to_invoice,
        sum(case when book = 'to_invoice' then closing_amount_excl_tax else 0 end) as amount_to_invoice
    from {{ ref('order_book_daily') }}
    where as_of_date = {{ as_of_date() }}
    group by company_id
),

lines as (
    select
        company_id,
        sum(case when open_quantity > 0 then 1 else 0 end) as lines_to_deliver,
        sum(company_open_amount_excl_tax) as amount_to_deliver,
        sum(case when is_past_due then 1 else 0 end) as lines_past_due,
        sum(case when quantity_to_invoice > 0 then 1 else 0 end) as lines_to_invoice,
        sum(company_amount_to_invoice_excl_tax) as amount_to_invoice
    from {{ ref('fct_order_lines') }}
    group by company_id
)

select
    lines.*,
    book.lines_to_deliver as book_lines_to_deliver,
    book.amount_to_deliver as book_amount_to_deliver,
    book.lines_past_due as book_lines_past_due,
    book.lines_to_invoice as book_lines_to_invoice,
    book.amount_to_invoice as book_amount_to_invoice
from lines
left join book on lines.company_id = book.company_id
where
    lines.lines_to_deliver <> coalesce(book.lines_to_deliver, 0)
    or lines.amount_to_deliver <> coalesce(book.amount_to_deliver, 0)
    or lines.lines_past_due <> coalesce(book.lines_past_due, 0)
    or lines.lines_to_invoice <> coalesce(book.lines_to_invoice, 0)
    or lines.amount_to_invoice <> coalesce(book.amount_to_invoice, 0)

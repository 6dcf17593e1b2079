-- Every day's book opens with what the day before closed with; a day without a row held nothing.
with days as (
    select
        company_id,
        book,
        document_type,
        customer_segment,
        product_range,
        site,
        promised_month,
        as_of_date,
        opening_lines,
        opening_amount_excl_tax,
        lag(as_of_date) over same_cell as previous_date,
        lag(closing_lines) over same_cell as previous_closing_lines,
        lag(closing_amount_excl_tax) over same_cell as previous_closing_amount
    from {{ ref('order_book_daily') }}
    window same_cell as (
        partition by company_id, book, document_type, customer_segment, product_range, site, promised_month
        order by as_of_date
    )
)

select *
from days
where
    opening_lines <> coalesce(previous_closing_lines, 0)
    or opening_amount_excl_tax <> coalesce(previous_closing_amount, 0)
    -- A gap is allowed only where nothing was left.
    or (previous_date < {{ add_days('as_of_date', -1) }} and (previous_closing_lines <> 0 or previous_closing_amount <> 0))

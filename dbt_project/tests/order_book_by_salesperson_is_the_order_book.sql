-- Whoever it is split by, it is one book: each day holds and moves the same.
{%- set measures = [
    'new_lines', 'fulfilled_lines', 'cancelled_lines', 'closing_lines', 'past_due_lines', 'blocked_lines',
    'closing_amount_excl_tax', 'fulfilled_amount_excl_tax',
] %}
with totals as (
    select
        company_id, as_of_date, book, document_type
        {%- for measure in measures %}, sum({{ measure }}) as {{ measure }}{% endfor %}
    from {{ ref('order_book_daily') }}
    group by company_id, as_of_date, book, document_type
    union all
    select
        company_id, as_of_date, book, document_type
        {%- for measure in measures %}, -sum({{ measure }}){% endfor %}
    from {{ ref('order_book_by_salesperson_daily') }}
    group by company_id, as_of_date, book, document_type
)

select
    company_id, as_of_date, book, document_type
    {%- for measure in measures %}, sum({{ measure }}) as {{ measure }}{% endfor %}
from totals
group by company_id, as_of_date, book, document_type
having
    {%- for measure in measures %}
    sum({{ measure }}) <> 0{{ ' or' if not loop.last }}
    {%- endfor %}

-- One row per company, day and site that ever had something to deliver: the book to deliver, and how
-- many working days it keeps the site busy at the recent shipping rate.
{%- set window_days = var('order_book_coverage_working_days') | int %}
with books as (
    select
        company_id,
        site,
        as_of_date,
        sum(closing_amount_excl_tax) as closing_amount,
        sum(closing_amount_excl_tax - blocked_amount_excl_tax) as released_amount,
        sum(fulfilled_amount_excl_tax) as shipped_amount
    from {{ ref('order_book_daily') }}
    where book = 'to_deliver' and document_type = 'order'
    group by company_id, site, as_of_date
),

sites as (
    select company_id, site, min(as_of_date) as first_date, {{ as_of_date() }} as last_date
    from books
    group by company_id, site
),

-- From the first day of the site's book on; a day without a row held nothing.
days as (
    select
        sites.company_id,
        sites.site,
        calendar.date_day,
        company.currency_code,
        calendar.working_day_number,
        -- Working days before the first one of the site's book.
        min(calendar.working_day_number - case when calendar.is_working_day then 1 else 0 end)
            over (partition by sites.company_id, sites.site) as working_days_before,
        coalesce(books.closing_amount, 0) as closing_amount,
        coalesce(books.released_amount, 0) as released_amount,
        sum(coalesce(books.shipped_amount, 0)) over (
            partition by sites.company_id, sites.site order by calendar.date_day
            rows between unbounded preceding and current row
        ) as shipped_so_far
    from sites
    inner join {{ ref('dim_company') }} as company on sites.company_id = company.company_id
    inner join {{ ref('dim_date') }} as calendar
        on
            company.calendar_code = calendar.calendar_code
            and calendar.date_day between sites.first_date and sites.last_date
    left join books
        on
            sites.company_id = books.company_id
            and sites.site = books.site
            and calendar.date_day = books.as_of_date
),

-- What left in the window is what had left by now, less what had left before it.
windows as (
    select
        *,
        coalesce(
            max(shipped_so_far) over (
                partition by company_id, site order by working_day_number
                range between unbounded preceding and {{ window_days }} preceding
            ),
            0
        ) as shipped_before,
        least({{ window_days }}, working_day_number - working_days_before) as working_days
    from days
)

select
    company_id,
    date_day as as_of_date,
    site,
    currency_code,
    {{ money('closing_amount') }} as closing_amount_excl_tax,
    {{ money('released_amount') }} as released_amount_excl_tax,
    {{ money('shipped_so_far - shipped_before') }} as shipped_amount_excl_tax,
    cast(working_days as bigint) as working_days,
    -- What was shipped before the first working day has no rate yet.
    {{ ratio('closing_amount * nullif(working_days, 0)', 'shipped_so_far - shipped_before') }} as coverage_working_days,
    {{ ratio('released_amount * nullif(working_days, 0)', 'shipped_so_far - shipped_before') }} as released_coverage_working_days
from windows

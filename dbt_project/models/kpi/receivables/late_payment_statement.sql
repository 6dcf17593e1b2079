-- One row per as-of date, company and delay bucket, and one for their total: invoices issued, due and not paid,
-- as the management report states them (C. com. art. D441-6, I, 2°). Amounts include tax.
{%- set delays = [('days_1_30', 1, 30), ('days_31_60', 31, 60), ('days_61_90', 61, 90), ('days_91_plus', 91, none), ('total', 1, none)] %}
with

delays as (
    {%- for name, first_day, last_day in delays %}

    select '{{ name }}' as delay_bucket, {{ first_day }} as days_from, {{ last_day or 999999 }} as days_to
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

companies as (

    select company_id, currency_code, fiscal_year_start_month from {{ ref('dim_company') }}

),

open_items as (

    select
        *,
        coalesce({{ apportioned('company_open_amount', 'disputed_amount', 'open_amount') }}, 0) as company_disputed_amount
    from {{ ref('open_items') }}

),

-- What a factor holds was sold to it; on deposits nothing is overdue but their invoices.
late_items as (

    select
        as_of_date,
        company_id,
        coalesce(document_id, open_item_id) as invoice_id,
        days_late,
        company_open_amount - company_disputed_amount as amount,
        company_disputed_amount as disputed_amount
    from open_items
    where days_late > 0 and account_role in ('trade', 'bills_in_hand', 'bills_discounted', 'doubtful', 'unknown')

),

overdue as (

    select
        late_items.as_of_date,
        late_items.company_id,
        delays.delay_bucket,
        count(distinct case when late_items.amount > 0 then late_items.invoice_id end) as invoice_count,
        sum(late_items.amount) as amount,
        count(distinct case when late_items.disputed_amount > 0 then late_items.invoice_id end) as disputed_invoice_count,
        sum(late_items.disputed_amount) as disputed_amount
    from late_items
    inner join delays on late_items.days_late between delays.days_from and delays.days_to
    group by 1, 2, 3

),

-- Turnover of the fiscal year, tax included: deposits count when the final invoice does.
sales_lines as (

    select
        company_id,
        invoice_date,
        {{ with_tax('company_net_amount_excl_tax', 'net_amount_incl_tax', 'net_amount_excl_tax') }} as amount
    from {{ ref('fct_invoice_lines') }}
    where is_issued and document_type in ('invoice', 'credit_note') and line_type <> 'deposit'

),

daily_sales as (

    select company_id, invoice_date, sum(amount) as amount
    from sales_lines
    group by 1, 2

),

as_of_dates as (

    select distinct as_of_date from open_items

),

company_dates as (

    select
        companies.company_id,
        companies.currency_code,
        as_of_dates.as_of_date,
        -- Whole months since the fiscal year began.
        mod(extract(month from as_of_dates.as_of_date) - companies.fiscal_year_start_month + 12, 12) as months_into_year
    from companies
    inner join (select distinct company_id from daily_sales) as sellers on companies.company_id = sellers.company_id
    cross join as_of_dates

),

fiscal_years as (

    select
        *,
        cast({{ dbt.dateadd('month', '-months_into_year', month_of('as_of_date')) }} as date) as fiscal_year_start
    from company_dates

),

sales as (

    select
        fiscal_years.company_id,
        fiscal_years.as_of_date,
        sum(daily_sales.amount) as amount
    from fiscal_years
    inner join daily_sales
        on
            fiscal_years.company_id = daily_sales.company_id
            and fiscal_years.fiscal_year_start <= daily_sales.invoice_date
            and fiscal_years.as_of_date >= daily_sales.invoice_date
    group by 1, 2

)

select
    fiscal_years.as_of_date,
    fiscal_years.as_of_date = {{ as_of_date() }} as is_latest,
    fiscal_years.company_id,
    delays.delay_bucket,
    fiscal_years.fiscal_year_start,
    fiscal_years.months_into_year = 11
    and {{ month_of(add_days('fiscal_years.as_of_date', 1)) }} <> {{ month_of('fiscal_years.as_of_date') }} as is_fiscal_year_end,
    'incl_tax' as tax_basis,
    fiscal_years.currency_code,
    cast(coalesce(overdue.invoice_count, 0) as bigint) as overdue_invoice_count,
    {{ money('coalesce(overdue.amount, 0)') }} as company_overdue_amount_incl_tax,
    {{ money('coalesce(sales.amount, 0)') }} as company_sales_amount_incl_tax,
    {{ ratio('coalesce(overdue.amount, 0)', 'case when sales.amount > 0 then sales.amount end') }} as sales_share,
    cast(coalesce(overdue.disputed_invoice_count, 0) as bigint) as disputed_invoice_count,
    {{ money('coalesce(overdue.disputed_amount, 0)') }} as company_disputed_amount_incl_tax
from fiscal_years
cross join delays
left join overdue
    on
        fiscal_years.company_id = overdue.company_id
        and fiscal_years.as_of_date = overdue.as_of_date
        and delays.delay_bucket = overdue.delay_bucket
left join sales
    on fiscal_years.company_id = sales.company_id and fiscal_years.as_of_date = sales.as_of_date
where fiscal_years.as_of_date >= (select min(daily_sales.invoice_date) from daily_sales)

-- One row per company, measure, member (all, or a product range) and month since the measure's first: whole
-- numbers of documents, or money, month by month without gaps. What nobody did in a month is 0.
with

documents as (

    select * from {{ ref('fct_documents') }}

),

invoice_lines as (

    select
        lines.company_id,
        lines.invoice_date,
        lines.company_net_amount_excl_tax,
        products.product_range
    from {{ ref('fct_invoice_lines') }} as lines
    inner join {{ ref('dim_product') }} as products on lines.product_id = products.product_id
    where lines.is_revenue

),

order_lines as (

    select company_id, order_date, company_amount_excl_tax
    from {{ ref('fct_order_lines') }}
    where document_type = 'order' and is_booked

),

events as (

    select company_id, 'orders' as measure, 'all' as member, document_date as occurred_on, 1 as value
    from documents
    where document_type = 'order' and booked_date is not null
    union all
    select company_id, 'quotes', 'all', document_date, 1
    from documents
    where document_type = 'quote'
    union all
    select company_id, 'deliveries', 'all', shipped_date, 1
    from documents
    where document_type = 'delivery_note' and shipped_date is not null
    union all
    select company_id, 'invoices', 'all', document_date, 1
    from documents
    where document_type = 'invoice' and is_issued
    union all
    select company_id, 'credit_notes', 'all', document_date, 1
    from documents
    where document_type = 'credit_note' and is_issued
    union all
    select company_id, 'claims', 'all', opened_on, 1
    from {{ ref('fct_claims') }}
    union all
    select company_id, 'order_lines', 'all', order_date, 1
    from order_lines
    union all
    select company_id, 'ordered_excl_tax', 'all', order_date, company_amount_excl_tax
    from order_lines
    union all
    select company_id, 'net_sales_excl_tax', 'all', invoice_date, company_net_amount_excl_tax
    from invoice_lines
    union all
    select company_id, 'net_sales_excl_tax', product_range, invoice_date, company_net_amount_excl_tax
    from invoice_lines

),

monthly as (

    select
        company_id,
        measure,
        member,
        {{ month_of('occurred_on') }} as month_start,
        sum(value) as value
    from events
    where occurred_on <= {{ as_of_date() }}
    group by 1, 2, 3, 4

),

-- The first month of a company's measure is rarely whole; that of a range may be.
first_months as (

    select company_id, measure, min(month_start) as first_month
    from monthly
    group by 1, 2

),

members as (

    select company_id, measure, member, min(month_start) as member_first_month
    from monthly
    group by 1, 2, 3

),

months as (

    select distinct
        {{ month_of('date_day') }} as month_start,
        cast({{ dbt.dateadd('month', 1, month_of('date_day')) }} as date) as next_month_start
    from {{ ref('dim_date') }}
    where date_day <= {{ as_of_date() }}

)

select
    members.company_id,
    members.measure,
    members.member,
    months.month_start,
    {{ money('coalesce(monthly.value, 0)') }} as value,
    months.month_start > first_months.first_month
    and months.next_month_start <= {{ add_days(as_of_date(), 1) }} as is_whole_month
from members
inner join first_months on members.company_id = first_months.company_id and members.measure = first_months.measure
inner join months on members.member_first_month <= months.month_start
left join monthly
    on
        members.company_id = monthly.company_id
        and members.measure = monthly.measure
        and members.member = monthly.member
        and months.month_start = monthly.month_start

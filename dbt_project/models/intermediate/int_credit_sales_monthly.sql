-- One row per company and calendar month from its first invoice to the run's as-of date: sales that create
-- receivables, in what the customer owes (tax included, split payment and retentions left out).
with

instalments as (

    select
        instalments.instalment_id,
        instalments.document_id,
        instalments.company_id,
        instalments.issued_on,
        {{ month_of('instalments.issued_on') }} as month_start,
        instalments.item_type,
        instalments.company_amount_to_pay
    from {{ ref('fct_instalments') }} as instalments
    inner join {{ ref('dim_customer') }} as customers on instalments.customer_id = customers.customer_id
    where instalments.item_type in ('invoice', 'credit_note') and customers.customer_class <> 'intercompany'

),

-- Money that was there when the invoice was issued: that part was never a receivable.
prepayments as (

    select
        instalments.company_id,
        instalments.month_start,
        sum(allocations.company_kept_amount) as amount
    from {{ ref('fct_payment_allocations') }} as allocations
    inner join instalments on allocations.instalment_id = instalments.instalment_id
    where instalments.item_type = 'invoice' and allocations.is_money and allocations.paid_on <= instalments.issued_on
    group by 1, 2

),

sales as (

    select
        company_id,
        month_start,
        sum(case when item_type = 'invoice' then company_amount_to_pay else 0 end) as invoiced_amount,
        sum(case when item_type = 'credit_note' then -company_amount_to_pay else 0 end) as credited_amount,
        count(distinct case when item_type = 'invoice' then document_id end) as invoice_count
    from instalments
    group by 1, 2

),

months as (

    select
        first_months.company_id,
        dates.month_start,
        max(dates.date_day) as last_day,
        count(*) as month_days
    from (select company_id, min(month_start) as first_month from sales group by 1) as first_months
    inner join (
        select distinct date_day, month_start
        from {{ ref('dim_date') }}
        where date_day <= {{ as_of_date() }}
    ) as dates on first_months.first_month <= dates.month_start
    group by 1, 2

)

select
    months.company_id,
    months.month_start,
    months.last_day,
    cast(months.month_days as bigint) as month_days,
    cast(coalesce(sales.invoice_count, 0) as bigint) as invoice_count,
    {{ money('coalesce(sales.invoiced_amount, 0)') }} as company_invoiced_amount_incl_tax,
    {{ money('coalesce(sales.credited_amount, 0)') }} as company_credited_amount_incl_tax,
    {{ money('coalesce(prepayments.amount, 0)') }} as company_prepaid_amount_incl_tax,
    {{ money('coalesce(sales.invoiced_amount, 0) - coalesce(sales.credited_amount, 0) - coalesce(prepayments.amount, 0)') }}
        as company_sales_amount_incl_tax
from months
left join sales on months.company_id = sales.company_id and months.month_start = sales.month_start
left join prepayments on months.company_id = prepayments.company_id and months.month_start = prepayments.month_start

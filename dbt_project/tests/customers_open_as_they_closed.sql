-- Each month of customer_retention_monthly opens with the customers that the month before closed with.
select month_start, company_id, segment
from (
    select
        month_start,
        company_id,
        segment,
        opening_customers,
        lag(closing_customers) over (partition by company_id, segment order by month_start) as closed_before
    from {{ ref('customer_retention_monthly') }}
) as months
where closed_before is not null and opening_customers <> closed_before

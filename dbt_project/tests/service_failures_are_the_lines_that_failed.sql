-- The causes add up to what the service rate counts as failed.
with totals as (
    select company_id, date_reference, month_start, not_otif_lines as failed_lines, not_otif_amount_excl_tax as failed_amount
    from {{ ref('service_rate_monthly') }}
    union all
    select company_id, date_reference, month_start, -failed_lines, -failed_amount_excl_tax
    from {{ ref('service_failures_monthly') }}
)

select company_id, date_reference, month_start, sum(failed_lines) as failed_lines, sum(failed_amount) as failed_amount
from totals
group by company_id, date_reference, month_start
having sum(failed_lines) <> 0 or sum(failed_amount) <> 0

-- One row per company, date reference, month promised, segment, range, site, carrier and cause.
{%- set dimensions = ['company_id', 'date_reference', 'month_start', 'customer_segment', 'product_range', 'site', 'carrier', 'failure_cause'] %}
with failures as (
    select
        verdict.*,
        {{ month_of('verdict.reference_date') }} as month_start,
        customer.segment as customer_segment,
        product.product_range
    from {{ ref('int_service_verdicts') }} as verdict
    inner join {{ ref('dim_customer') }} as customer on verdict.sold_to_customer_id = customer.customer_id
    inner join {{ ref('dim_product') }} as product on verdict.product_id = product.product_id
    where not verdict.is_otif
)

select
    {%- for dimension in dimensions %}
    failures.{{ dimension }},
    {%- endfor %}
    max(company.currency_code) as currency_code,
    cast(count(*) as bigint) as failed_lines,
    {{ money('sum(failures.ordered_quantity)') }} as failed_quantity,
    {{ money('sum(failures.company_amount_excl_tax)') }} as failed_amount_excl_tax
from failures
inner join {{ ref('dim_company') }} as company on failures.company_id = company.company_id
group by {% for dimension in dimensions %}failures.{{ dimension }}{{ ', ' if not loop.last }}{% endfor %}

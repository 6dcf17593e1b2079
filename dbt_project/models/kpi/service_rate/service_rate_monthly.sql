-- One row per company, date reference, month promised, segment, range, site and carrier.
{%- set dimensions = ['company_id', 'date_reference', 'month_start', 'customer_segment', 'product_range', 'site', 'carrier'] %}
{%- set weights = [
    ('lines', '1', 'bigint'),
    ('quantity', 'ordered_quantity', 'decimal(18, 4)'),
    ('amount_excl_tax', 'company_amount_excl_tax', 'decimal(18, 4)'),
] %}
with lines as (
    select
        verdict.*,
        {{ month_of('verdict.reference_date') }} as month_start,
        customer.segment as customer_segment,
        product.product_range,
        company.currency_code,
        verdict.is_in_full is not null and verdict.first_delivery_quantity < verdict.owed_quantity * (1 - {{ var('in_full_tolerance') }}) as is_backordered
    from {{ ref('int_service_verdicts') }} as verdict
    inner join {{ ref('dim_customer') }} as customer on verdict.sold_to_customer_id = customer.customer_id
    inner join {{ ref('dim_product') }} as product on verdict.product_id = product.product_id
    inner join {{ ref('dim_company') }} as company on verdict.company_id = company.company_id
),

totals as (
    select
        {{ dimensions | join(',\n        ') }},
        max(currency_code) as currency_code,
        count(*) as promised_lines,
        sum(case when is_otif is null and not is_excluded then 1 else 0 end) as not_due_lines,
        sum(case when is_excluded then 1 else 0 end) as excluded_lines,
        {%- for verdict in ['on_time', 'in_full', 'otif'] %}
        {%- for name, weight, type in weights %}
        sum(case when is_{{ verdict }} then {{ weight }} else 0 end) as {{ verdict }}_{{ name }},
        sum(case when not is_{{ verdict }} then {{ weight }} else 0 end) as not_{{ verdict }}_{{ name }},
        {%- endfor %}
        {%- endfor %}
        sum(case when is_in_full is not null then owed_quantity else 0 end) as owed_quantity,
        sum(case when is_in_full is not null then first_delivery_quantity else 0 end) as first_delivery_quantity,
        sum(case when is_backordered then 1 else 0 end) as backordered_lines
    from lines
    group by {{ dimensions | join(', ') }}
)

select
    {%- for dimension in dimensions %}
    {{ dimension }},
    {%- endfor %}
    currency_code,
    cast(promised_lines as bigint) as promised_lines,
    cast(not_due_lines as bigint) as not_due_lines,
    cast(excluded_lines as bigint) as excluded_lines,
    {%- for verdict in ['on_time', 'in_full', 'otif'] %}
    {%- for name, weight, type in weights %}
    cast({{ verdict }}_{{ name }} as {{ type }}) as {{ verdict }}_{{ name }},
    cast(not_{{ verdict }}_{{ name }} as {{ type }}) as not_{{ verdict }}_{{ name }},
    {%- endfor %}
    {{ ratio(verdict ~ '_lines', verdict ~ '_lines + not_' ~ verdict ~ '_lines') }} as {{ verdict }}_rate,
    {%- endfor %}
    {{ money('first_delivery_quantity') }} as first_delivery_quantity,
    {{ money('owed_quantity') }} as owed_quantity,
    {{ ratio('first_delivery_quantity', 'owed_quantity') }} as fill_rate,
    cast(backordered_lines as bigint) as backordered_lines,
    {{ ratio('backordered_lines', 'in_full_lines + not_in_full_lines') }} as backorder_rate
from totals

-- One row per month, company and segment that had customers: who was there at its start, who came, who fell
-- silent and who is there at its end. A customer is there while he is neither dormant nor lost:
-- opening = retained + at risk + dormant + lost, and retained + at risk + new + first seen + won back = closing.
{%- set groups = ['opening', 'retained', 'at_risk', 'dormant', 'lost', 'new', 'first_seen', 'won_back', 'closing'] %}
with

activity as (

    select
        *,
        {{ month_of('as_of_date') }} as month_start,
        activity_status not in ('dormant', 'lost') as is_there
    from {{ ref('customer_activity') }}

),

months as (

    select
        month_start,
        company_id,
        customer_id,
        segment,
        currency_code,
        as_of_date,
        activity_status,
        is_there,
        is_first_order_known,
        net_sales_12_months_excl_tax as net_sales,
        lag(is_there) over (partition by company_id, customer_id order by as_of_date) as was_there
    from activity

),

moves as (

    select
        *,
        coalesce(was_there, false) as is_opening,
        coalesce(was_there, false) and is_there and activity_status <> 'at_risk' as is_retained,
        coalesce(was_there, false) and activity_status = 'at_risk' as is_at_risk,
        coalesce(was_there, false) and activity_status = 'dormant' as is_dormant,
        coalesce(was_there, false) and activity_status = 'lost' as is_lost,
        was_there is null and is_there and is_first_order_known as is_new,
        was_there is null and is_there and not is_first_order_known as is_first_seen,
        not coalesce(was_there, true) and is_there as is_won_back,
        is_there as is_closing
    from months

)

select
    month_start,
    company_id,
    segment,
    max(as_of_date) as as_of_date,
    min(currency_code) as currency_code
    {%- for group in groups %},
    cast(sum(case when is_{{ group }} then 1 else 0 end) as bigint) as {{ group }}_customers
    {%- endfor %},
    cast(sum(case when activity_status = 'dormant' then 1 else 0 end) as bigint) as all_dormant_customers,
    cast(sum(case when activity_status = 'lost' then 1 else 0 end) as bigint) as all_lost_customers
    {%- for group in groups %},
    {{ money('sum(case when is_' ~ group ~ ' then net_sales else 0 end)') }} as {{ group }}_net_sales_12_months_excl_tax
    {%- endfor %},
    {{ ratio(
        'sum(case when is_retained or is_at_risk then 1 else 0 end)',
        'sum(case when is_opening then 1 else 0 end)'
    ) }} as retention_rate
from moves
group by month_start, company_id, segment

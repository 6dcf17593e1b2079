-- One row per company, month in which orders were entered by hand, channel, team and type of error
-- (all for any type).
with orders as (
    select
        documents.document_id as order_id,
        documents.company_id,
        {{ month_of('documents.created_date') }} as month_start,
        documents.channel,
        documents.team,
        documents.line_count
    from {{ ref('fct_documents') }} as documents
    inner join {{ ref('dim_channel') }} as channels on documents.channel = channels.channel
    where documents.document_type = 'order' and channels.is_hand_entered and documents.created_date <= {{ as_of_date() }}
),

entered as (
    select company_id, month_start, channel, team, count(*) as entered_orders, sum(line_count) as entered_lines
    from orders
    group by company_id, month_start, channel, team
),

-- Each error under its type, and once more under all.
errors as (
    select order_id, error_type, certainty, cost_amount
    from {{ ref('int_distinct_entry_errors') }}
    union all
    select order_id, 'all', certainty, cost_amount
    from {{ ref('int_distinct_entry_errors') }}
),

found as (
    select
        orders.company_id,
        orders.month_start,
        orders.channel,
        orders.team,
        errors.error_type,
        {%- for certainty, name in [('confirmed', 'confirmed_errors'), ('probable', 'probable_errors'), ('customer_change', 'customer_changes')] %}
        sum(case when errors.certainty = '{{ certainty }}' then 1 else 0 end) as {{ name }},
        {%- endfor %}
        count(distinct case when errors.certainty = 'confirmed' then orders.order_id end) as orders_with_confirmed_errors,
        count(distinct case when errors.certainty in ('confirmed', 'probable') then orders.order_id end) as orders_with_errors,
        sum(case when errors.certainty <> 'customer_change' then errors.cost_amount end) as cost_amount
    from errors
    inner join orders on errors.order_id = orders.order_id
    group by orders.company_id, orders.month_start, orders.channel, orders.team, errors.error_type
),

-- Types without an error have a rate of 0, which is a result.
types as (
    select error_type from {{ ref('dim_entry_error_type') }}
    union all
    select 'all'
)

select
    entered.company_id,
    entered.month_start,
    entered.channel,
    entered.team,
    types.error_type,
    companies.currency_code,
    cast(entered.entered_orders as bigint) as entered_orders,
    cast(entered.entered_lines as bigint) as entered_lines,
    {%- for name in ['confirmed_errors', 'probable_errors', 'customer_changes', 'orders_with_confirmed_errors', 'orders_with_errors'] %}
    cast(coalesce(found.{{ name }}, 0) as bigint) as {{ name }},
    {%- endfor %}
    {{ ratio('coalesce(found.orders_with_confirmed_errors, 0)', 'entered.entered_orders') }} as confirmed_error_rate,
    {{ ratio('coalesce(found.orders_with_errors, 0)', 'entered.entered_orders') }} as error_rate,
    {{ ratio('coalesce(found.confirmed_errors, 0)', 'entered.entered_lines') }} as confirmed_errors_per_line,
    {{ money('coalesce(found.cost_amount, 0)') }} as cost_amount,
    {{ days_between('cast(' ~ dbt.dateadd('month', 1, 'entered.month_start') ~ ' as date)', as_of_date()) }} + 1
    < {{ var('entry_error_maturity_days') }} as is_immature
from entered
cross join types
inner join {{ ref('dim_company') }} as companies on entered.company_id = companies.company_id
left join found
    on
        entered.company_id = found.company_id
        and entered.month_start = found.month_start
        and entered.channel = found.channel
        and entered.team = found.team
        and types.error_type = found.error_type

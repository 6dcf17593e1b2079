-- One row per company, month and breakdown: all claims, per reason, per product range, per carrier,
-- and per all three. Medians cannot be added up, so each breakdown has its own.
{%- set breakdowns = {
    'all': [],
    'claim_reason': ['claim_reason'],
    'product_range': ['product_range'],
    'carrier': ['carrier'],
    'reason_range_carrier': ['claim_reason', 'product_range', 'carrier'],
} %}
{%- set stages = ['first_response', 'first_resolution', 'resolution'] %}
with companies as (
    select company_id, currency_code, time_zone
    from {{ ref('dim_company') }}
),

products as (
    select product_id, coalesce(product_range, 'unknown') as product_range
    from {{ ref('dim_product') }}
),

-- Answers to the customer, and questions back to the customer.
touches as (
    select
        claim_id,
        sum(case when event_type = 'responded' then 1 else 0 end) as responses,
        max(case when to_status = 'waiting_customer' then 1 else 0 end) as questions
    from {{ ref('fct_claim_events') }}
    group by claim_id
),

claims as (
    select
        claims.*,
        products.product_range,
        coalesce(claims.carrier, 'unknown') as known_carrier,
        companies.time_zone,
        claims.reopened_count = 0 and coalesce(touches.responses, 0) <= 1 and coalesce(touches.questions, 0) = 0 as is_one_touch
    from {{ ref('fct_claims') }} as claims
    inner join companies on claims.company_id = companies.company_id
    inner join products on claims.product_id = products.product_id
    left join touches on claims.claim_id = touches.claim_id
),

-- Credit notes on the orders that were complained about: each is the cost of one claim, of the last
-- one before it, else of the next.
claimed_lines as (
    {{ claimed_lines('claims') }}
),

claimed_orders as (
    select distinct claims.claim_id, claims.opened_on, claimed_lines.order_id
    from claims
    inner join claimed_lines on claims.claim_id = claimed_lines.claim_id
),

credit_notes as (
    select document_id, order_id, invoice_date, -sum(company_net_amount_excl_tax) as amount
    from {{ ref('fct_invoice_lines') }}
    where document_type = 'credit_note' and is_issued
    group by document_id, order_id, invoice_date
),

credits as (
    select claim_id, invoice_date, amount
    from (
        select
            claimed_orders.claim_id,
            credit_notes.invoice_date,
            credit_notes.amount,
            row_number() over (
                partition by credit_notes.document_id, credit_notes.order_id
                order by
                    case when claimed_orders.opened_on <= credit_notes.invoice_date then 0 else 1 end,
                    abs({{ days_between('claimed_orders.opened_on', 'credit_notes.invoice_date') }}),
                    claimed_orders.claim_id
            ) as preference
        from credit_notes
        inner join claimed_orders on credit_notes.order_id = claimed_orders.order_id
        where abs({{ days_between('claimed_orders.opened_on', 'credit_notes.invoice_date') }}) <= {{ var('claim_credit_days') }}
    ) as ranked
    where preference = 1
),

deliveries as (
    select
        deliveries.company_id,
        {{ month_of('deliveries.shipped_date') }} as month_start,
        products.product_range,
        coalesce(deliveries.carrier, 'unknown') as carrier,
        count(*) as delivered_lines
    from {{ ref('fct_deliveries') }} as deliveries
    inner join products on deliveries.product_id = products.product_id
    where deliveries.document_type = 'delivery_note' and deliveries.is_shipped and deliveries.shipped_date <= {{ as_of_date() }}
    group by deliveries.company_id, {{ month_of('deliveries.shipped_date') }}, products.product_range, coalesce(deliveries.carrier, 'unknown')
),

-- Each thing in the month in which it happened.
moments as (
    select
        claims.company_id,
        {{ month_of('claims.opened_on') }} as month_start,
        claims.claim_reason,
        claims.product_range,
        claims.known_carrier as carrier,
        'opened' as moment,
        cast(null as decimal(18, 2)) as working_minutes,
        cast(null as decimal(18, 2)) as calendar_minutes,
        false as is_reopened,
        false as is_one_touch,
        claims.cost_amount,
        cast(null as decimal(18, 4)) as credited_amount
    from claims
    union all
    select
        company_id,
        {{ month_of('first_response_on') }},
        claim_reason,
        product_range,
        known_carrier,
        'first_response',
        first_response_working_minutes,
        {{ seconds_between('opened_at', 'first_response_at') }} / 60.0,
        false,
        false,
        null,
        null
    from claims
    where first_response_on is not null
    union all
    select
        company_id,
        {{ month_of('first_resolved_on') }},
        claim_reason,
        product_range,
        known_carrier,
        'first_resolution',
        first_resolution_working_minutes,
        {{ seconds_between('opened_at', 'first_resolved_at') }} / 60.0,
        reopened_count > 0,
        is_one_touch,
        null,
        null
    from claims
    where first_resolved_on is not null
    union all
    select
        claims.company_id,
        {{ month_of('claims.resolved_on') }},
        claims.claim_reason,
        claims.product_range,
        claims.known_carrier,
        'resolution',
        {{ working_minutes('opened_day', 'claims.opened_at', 'resolved_day', 'claims.resolved_at') }},
        {{ seconds_between('claims.opened_at', 'claims.resolved_at') }} / 60.0,
        false,
        false,
        null,
        null
    from claims
    {{ join_business_day('opened_day', 'claims.company_id', 'claims.opened_at', 'claims.time_zone') }}
    {{ join_business_day('resolved_day', 'claims.company_id', 'claims.resolved_at', 'claims.time_zone') }}
    where claims.resolved_on is not null
    union all
    select
        claims.company_id,
        {{ month_of('credits.invoice_date') }},
        claims.claim_reason,
        claims.product_range,
        claims.known_carrier,
        'credited',
        null,
        null,
        false,
        false,
        null,
        credits.amount
    from credits
    inner join claims on credits.claim_id = claims.claim_id
    union all
    -- A month of deliveries without a claim has a rate of 0, which is a result.
    select distinct company_id, month_start, 'none', product_range, carrier, 'delivered', null, null, false, false, null, null
    from deliveries
),

counted as (
    {%- for breakdown, dimensions in breakdowns.items() %}
    select
        company_id,
        month_start,
        '{{ breakdown }}' as breakdown,
        {%- for dimension in ['claim_reason', 'product_range', 'carrier'] %}
        {{ dimension if dimension in dimensions else "'all' as " ~ dimension }},
        {%- endfor %}
        cast(sum(case when moment = 'opened' then 1 else 0 end) as bigint) as opened_claims,
        {%- for stage in stages %}
        cast(sum(case when moment = '{{ stage }}' then 1 else 0 end) as bigint) as {{ stage }}_claims,
        {%- for clock in ['working', 'calendar'] %}
        cast({{ percentile("case when moment = '" ~ stage ~ "' then " ~ clock ~ "_minutes end", 0.5) }} as decimal(18, 2)) as {{ stage }}_median_{{ clock }}_minutes,
        cast({{ percentile("case when moment = '" ~ stage ~ "' then " ~ clock ~ "_minutes end", 0.9) }} as decimal(18, 2)) as {{ stage }}_p90_{{ clock }}_minutes,
        {%- endfor %}
        {%- endfor %}
        cast(sum(case when is_reopened then 1 else 0 end) as bigint) as reopened_claims,
        cast(sum(case when is_one_touch then 1 else 0 end) as bigint) as one_touch_claims,
        {{ money('coalesce(sum(cost_amount), 0)') }} as cost_amount,
        {{ money('coalesce(sum(credited_amount), 0)') }} as credited_amount
    from moments
    {%- if 'claim_reason' in dimensions %}
    where moment <> 'delivered'
    {%- endif %}
    group by {{ (['company_id', 'month_start'] + dimensions) | join(', ') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- What claims are measured by: the lines of their range and carrier; all lines where they name none.
measured_lines as (
    {%- for dimensions in [[], ['product_range'], ['carrier'], ['product_range', 'carrier']] %}
    select
        company_id,
        month_start,
        {%- for dimension in ['product_range', 'carrier'] %}
        {{ dimension if dimension in dimensions else "'all' as " ~ dimension }},
        {%- endfor %}
        sum(delivered_lines) as delivered_lines
    from deliveries
    {%- if dimensions %}
    where {{ dimensions | join(" <> 'unknown' and ") }} <> 'unknown'
    {%- endif %}
    group by {{ (['company_id', 'month_start'] + dimensions) | join(', ') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

sales as (
    select
        invoice_lines.company_id,
        {{ month_of('invoice_lines.invoice_date') }} as month_start,
        products.product_range,
        sum(invoice_lines.company_net_amount_excl_tax) as amount
    from {{ ref('fct_invoice_lines') }} as invoice_lines
    inner join products on invoice_lines.product_id = products.product_id
    where invoice_lines.is_revenue
    group by invoice_lines.company_id, {{ month_of('invoice_lines.invoice_date') }}, products.product_range
),

measured_sales as (
    select company_id, month_start, 'all' as product_range, sum(amount) as amount
    from sales
    group by company_id, month_start
    union all
    select company_id, month_start, product_range, amount
    from sales
    where product_range <> 'unknown'
),

ranked as (
    select
        *,
        sum(opened_claims) over (partition by company_id, month_start, breakdown) as breakdown_claims,
        sum(opened_claims) over (
            partition by company_id, month_start, breakdown
            order by opened_claims desc, claim_reason asc nulls last, product_range asc nulls last, carrier asc nulls last
            rows between unbounded preceding and current row
        ) as cumulated_claims
    from counted
)

select
    ranked.company_id,
    ranked.month_start,
    ranked.breakdown,
    ranked.claim_reason,
    ranked.product_range,
    ranked.carrier,
    companies.currency_code,
    ranked.opened_claims,
    {%- for stage in stages %}
    ranked.{{ stage }}_claims,
    {%- for clock in ['working', 'calendar'] %}
    ranked.{{ stage }}_median_{{ clock }}_minutes,
    ranked.{{ stage }}_p90_{{ clock }}_minutes,
    {%- endfor %}
    {%- endfor %}
    ranked.reopened_claims,
    {{ ratio('ranked.reopened_claims', 'ranked.first_resolution_claims') }} as reopened_share,
    ranked.one_touch_claims,
    {{ ratio('ranked.one_touch_claims', 'ranked.first_resolution_claims') }} as one_touch_share,
    cast(coalesce(measured_lines.delivered_lines, 0) as bigint) as delivered_lines,
    {{ ratio('1000 * ranked.opened_claims', 'coalesce(measured_lines.delivered_lines, 0)') }} as claims_per_1000_lines,
    ranked.cost_amount,
    ranked.credited_amount as company_credited_amount_excl_tax,
    case
        when ranked.breakdown in ('all', 'claim_reason', 'product_range') then {{ money('coalesce(measured_sales.amount, 0)') }}
    end as company_sales_excl_tax,
    case
        when ranked.breakdown in ('all', 'claim_reason', 'product_range') and measured_sales.amount > 0
            then {{ ratio('ranked.credited_amount', 'measured_sales.amount') }}
    end as credited_share_of_sales,
    cast(ranked.breakdown_claims as bigint) as breakdown_claims,
    {{ ratio('ranked.opened_claims', 'ranked.breakdown_claims') }} as claims_share,
    {{ ratio('ranked.cumulated_claims', 'ranked.breakdown_claims') }} as cumulated_claims_share
from ranked
inner join companies on ranked.company_id = companies.company_id
left join measured_lines
    on
        ranked.company_id = measured_lines.company_id
        and ranked.month_start = measured_lines.month_start
        and case when ranked.product_range = 'unknown' then 'all' else ranked.product_range end = measured_lines.product_range
        and case when ranked.carrier = 'unknown' then 'all' else ranked.carrier end = measured_lines.carrier
left join measured_sales
    on
        ranked.company_id = measured_sales.company_id
        and ranked.month_start = measured_sales.month_start
        and case when ranked.product_range = 'unknown' then 'all' else ranked.product_range end = measured_sales.product_range

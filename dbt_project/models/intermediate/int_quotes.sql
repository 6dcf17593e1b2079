-- One row per quote up to the as-of date: what became of it, how long the request waited, and, while
-- it is open, how likely such quotes are to be won.
{%- set maturity_days = var('quote_maturity_days') | int %}
{%- set age_classes = [0, 8, 15, 31] %}
with orders as (
    select
        generated_from_document_id as quote_id,
        min(document_id) as order_id,
        min(document_date) as order_date,
        min(coalesce(first_confirmed_date, requested_date)) as promised_date
    from {{ ref('fct_documents') }}
    where document_type in ('order', 'framework_order') and generated_from_document_id is not null
    group by generated_from_document_id
),

-- A request is answered by the quote; once that is accepted, sources may name the order instead.
requests as (
    select coalesce(orders.quote_id, messages.document_id) as quote_id, min(messages.received_at) as requested_at
    from {{ ref('fct_inbound_messages') }} as messages
    left join orders on messages.document_id = orders.order_id
    where messages.message_type = 'quote_request' and messages.document_id is not null
    group by coalesce(orders.quote_id, messages.document_id)
),

quotes as (
    select
        fact.document_id as quote_id,
        fact.company_id,
        fact.document_number as quote_number,
        fact.sold_to_customer_id,
        fact.agent_id,
        fact.salesperson_id,
        fact.team,
        fact.site,
        fact.document_date as quote_date,
        fact.status,
        fact.valid_until,
        fact.reason,
        fact.sent_at,
        fact.sent_date,
        {{ money('coalesce(fact.company_amount_excl_tax, 0)') }} as amount_excl_tax,
        orders.order_id,
        orders.promised_date,
        company.time_zone,
        case when requests.requested_at < company.as_of_ends_at then coalesce(fact.received_at, requests.requested_at) else fact.received_at end as requested_at,
        case
            when orders.order_id is not null
                or fact.status in ('settled', 'in_preparation', 'part_shipped', 'shipped', 'invoiced', 'closed_short')
                then 'won'
            when fact.status in ('cancelled', 'rejected') then 'lost'
            when fact.status = 'expired' or (fact.status <> 'unknown' and fact.valid_until < {{ as_of_date() }}) then 'expired'
            when fact.status = 'unknown' then 'unknown'
            else 'pending'
        end as outcome,
        coalesce(fact.closed_date, fact.cancelled_date, orders.order_date) as closed_on
    from {{ ref('fct_documents') }} as fact
    inner join {{ ref('dim_company') }} as company on fact.company_id = company.company_id
    left join orders on fact.document_id = orders.quote_id
    left join requests on fact.document_id = requests.quote_id
    where fact.document_type = 'quote' and fact.document_date <= {{ as_of_date() }}
),

decided as (
    select
        *,
        case
            when outcome in ('won', 'lost') then closed_on
            when outcome = 'expired' then coalesce(closed_on, {{ add_days('valid_until', 1) }})
        end as decided_on,
        {{ days_between('quote_date', as_of_date()) }} as age_days,
        {{ add_days('quote_date', maturity_days) }} <= {{ as_of_date() }} as is_mature
    from quotes
),

aged as (
    select
        *,
        {{ days_between('quote_date', 'decided_on') }} as days_to_decision,
        case
            {%- for lower in age_classes | reverse %}
            when age_days >= {{ lower }} then {{ lower }}
            {%- endfor %}
            else 0
        end as age_class
    from decided
),

-- What became of the quotes of a year that has ripened, of those still open at each age.
chances as (
    {%- for lower in age_classes %}
    select
        company_id,
        {{ lower }} as age_class,
        count(*) as similar_quotes,
        sum(case when outcome = 'won' then 1 else 0 end) as similar_quotes_won
    from aged
    where
        is_mature
        and quote_date > {{ add_days(as_of_date(), -(maturity_days + 365)) }}
        and (days_to_decision is null or days_to_decision >= {{ lower }})
    group by company_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

deliveries as (
    select
        company_id,
        {{ percentile(days_between('quote_date', 'promised_date'), 0.5) }} as median_days_to_promise
    from aged
    where
        is_mature
        and outcome = 'won'
        and promised_date is not null
        and quote_date > {{ add_days(as_of_date(), -(maturity_days + 365)) }}
    group by company_id
)

select
    aged.quote_id,
    aged.company_id,
    aged.quote_number,
    aged.sold_to_customer_id,
    aged.agent_id,
    aged.salesperson_id,
    aged.team,
    aged.site,
    aged.status,
    aged.quote_date,
    aged.valid_until,
    aged.outcome,
    aged.decided_on,
    case when aged.outcome in ('lost', 'expired') then coalesce(aged.reason, 'unknown') end as loss_reason,
    aged.order_id,
    aged.amount_excl_tax,
    aged.is_mature,
    aged.outcome = 'won' and coalesce(aged.days_to_decision <= {{ maturity_days }}, false) as is_won_in_time,
    cast(aged.age_days as bigint) as age_days,
    cast(aged.days_to_decision as bigint) as days_to_decision,
    aged.requested_at,
    aged.sent_at,
    case
        when aged.requested_at is not null and aged.sent_at is not null and aged.sent_at >= aged.requested_at
            then {{ working_minutes('start_day', 'aged.requested_at', 'end_day', 'aged.sent_at') }}
    end as request_to_sent_minutes,
    case when aged.outcome = 'pending' then cast(chances.similar_quotes as bigint) end as similar_quotes,
    case when aged.outcome = 'pending' then cast(chances.similar_quotes_won as bigint) end as similar_quotes_won,
    case when aged.outcome = 'pending' then {{ ratio('chances.similar_quotes_won', 'chances.similar_quotes') }} end as probability,
    case
        when aged.outcome = 'pending' and deliveries.median_days_to_promise is not null
            then greatest({{ add_days('aged.quote_date', 'ceil(deliveries.median_days_to_promise)') }}, {{ as_of_date() }})
    end as probable_delivery_date
from aged
left join chances on aged.company_id = chances.company_id and aged.age_class = chances.age_class
left join deliveries on aged.company_id = deliveries.company_id
{{ join_business_day('start_day', 'aged.company_id', 'aged.requested_at', 'aged.time_zone') }}
{{ join_business_day('end_day', 'aged.company_id', 'aged.sent_at', 'aged.time_zone') }}

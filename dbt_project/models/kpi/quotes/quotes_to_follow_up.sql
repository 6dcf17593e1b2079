-- One row per open quote: what it is worth, and why it should be followed up.
{%- set quiet_days = var('quote_follow_up_days') | int %}
select
    quotes.company_id,
    {{ as_of_date() }} as as_of_date,
    quotes.quote_id,
    quotes.quote_number,
    quotes.sold_to_customer_id,
    quotes.team,
    quotes.agent_id,
    quotes.salesperson_id,
    quotes.quote_date,
    quotes.sent_at,
    quotes.valid_until,
    quotes.age_days,
    {{ days_between(as_of_date(), 'quotes.valid_until') }} as days_left,
    company.currency_code,
    quotes.amount_excl_tax,
    quotes.similar_quotes,
    quotes.similar_quotes_won,
    quotes.probability,
    {{ money('quotes.amount_excl_tax * quotes.probability') }} as expected_amount_excl_tax,
    case
        when quotes.sent_at is null then 'not_sent'
        when quotes.valid_until <= {{ add_days(as_of_date(), quiet_days) }} then 'expires_soon'
        when quotes.age_days >= {{ quiet_days }} then 'no_answer'
    end as follow_up_reason
from {{ ref('int_quotes') }} as quotes
inner join {{ ref('dim_company') }} as company on quotes.company_id = company.company_id
where quotes.outcome = 'pending'

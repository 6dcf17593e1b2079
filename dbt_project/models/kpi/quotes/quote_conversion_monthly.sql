-- One row per company, month of quote, team and salesperson: what became of the month's quotes.
select
    quotes.company_id,
    {{ month_of('quotes.quote_date') }} as month_start,
    quotes.team,
    quotes.salesperson_id,
    max(company.currency_code) as currency_code,
    cast(count(*) as bigint) as quotes,
    {%- for outcome in ['won', 'lost', 'expired', 'pending', 'unknown'] %}
    cast(sum(case when quotes.outcome = '{{ outcome }}' then 1 else 0 end) as bigint) as {{ outcome }}_quotes,
    {%- endfor %}
    {{ money('sum(quotes.amount_excl_tax)') }} as quoted_amount_excl_tax,
    {%- for outcome in ['won', 'lost', 'expired', 'pending', 'unknown'] %}
    {{ money("sum(case when quotes.outcome = '" ~ outcome ~ "' then quotes.amount_excl_tax else 0 end)") }} as {{ outcome }}_amount_excl_tax,
    {%- endfor %}
    cast(sum(case when quotes.is_mature then 1 else 0 end) as bigint) as mature_quotes,
    cast(sum(case when quotes.is_mature and quotes.is_won_in_time then 1 else 0 end) as bigint) as mature_quotes_won,
    {{ ratio('sum(case when quotes.is_mature and quotes.is_won_in_time then 1 else 0 end)', 'sum(case when quotes.is_mature then 1 else 0 end)') }} as conversion_rate,
    {{ money('sum(case when quotes.is_mature then quotes.amount_excl_tax else 0 end)') }} as mature_amount_excl_tax,
    {{ money('sum(case when quotes.is_mature and quotes.is_won_in_time then quotes.amount_excl_tax else 0 end)') }} as mature_amount_won_excl_tax,
    {{ ratio('sum(case when quotes.is_mature and quotes.is_won_in_time then quotes.amount_excl_tax else 0 end)', 'sum(case when quotes.is_mature then quotes.amount_excl_tax else 0 end)') }} as conversion_rate_by_amount,
    cast(count(quotes.requested_at) as bigint) as requested_quotes,
    cast(count(quotes.request_to_sent_minutes) as bigint) as answered_requests,
    cast(sum(quotes.request_to_sent_minutes) as decimal(18, 2)) as total_request_to_sent_minutes,
    cast({{ percentile('quotes.request_to_sent_minutes', 0.5) }} as decimal(18, 2)) as median_request_to_sent_minutes
from {{ ref('int_quotes') }} as quotes
inner join {{ ref('dim_company') }} as company on quotes.company_id = company.company_id
group by quotes.company_id, {{ month_of('quotes.quote_date') }}, quotes.team, quotes.salesperson_id

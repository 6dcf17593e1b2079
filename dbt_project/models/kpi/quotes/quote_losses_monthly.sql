-- One row per company, month of quote, team, salesperson, outcome and reason: the quotes not won.
select
    quotes.company_id,
    {{ month_of('quotes.quote_date') }} as month_start,
    quotes.team,
    quotes.salesperson_id,
    quotes.outcome,
    quotes.loss_reason,
    max(company.currency_code) as currency_code,
    cast(count(*) as bigint) as quotes,
    {{ money('sum(quotes.amount_excl_tax)') }} as amount_excl_tax
from {{ ref('int_quotes') }} as quotes
inner join {{ ref('dim_company') }} as company on quotes.company_id = company.company_id
where quotes.outcome in ('lost', 'expired')
group by quotes.company_id, {{ month_of('quotes.quote_date') }}, quotes.team, quotes.salesperson_id, quotes.outcome, quotes.loss_reason

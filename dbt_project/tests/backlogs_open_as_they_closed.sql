-- Every day's backlog opens with what the day before closed with; a day without a row held nothing.
{%- set backlogs = [
    ('document_backlog_daily', 'as_of_date', 'documents', ['company_id', 'document_kind', 'status', 'channel']),
    ('claims_daily', 'date_day', 'count', ['company_id', 'claim_reason', 'channel']),
] %}
{%- for model, day, unit, cell in backlogs %}
select '{{ model }}' as model, {{ day }} as day, opening, previous_closing
from (
    select
        {{ day }},
        opening_{{ unit }} as opening,
        coalesce(lag(closing_{{ unit }}) over same_cell, 0) as previous_closing,
        lag({{ day }}) over same_cell as previous_day
    from {{ ref(model) }}
    window same_cell as (partition by {{ cell | join(', ') }} order by {{ day }})
) as days
where
    opening <> previous_closing
    -- A gap is allowed only where nothing was left.
    or (previous_day < {{ add_days(day, -1) }} and previous_closing <> 0)
{{ 'union all' if not loop.last }}
{%- endfor %}

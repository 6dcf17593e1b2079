-- Every row of the contract that had happened by the as-of date is in its fact, and no other.
{%- set dated = [
    ('instalments', 'issued_on'),
    ('payments', 'payment_date'),
    ('payment_rejections', 'rejected_on'),
    ('payment_promises', 'made_on'),
    ('disputes', 'opened_on'),
    ('dunning_actions', 'action_date'),
    ('ledger_entries', 'entry_date'),
    ('credit_limits', none),
    ('exchange_rates', none),
    ('absences', none),
    ('standard_times', none),
    ('kpi_targets', none),
] %}
-- Instants count by the company's own day, which is the UTC day or a neighbour.
{%- set timed = [
    ('claims', 'opened_at'),
    ('claim_events', 'occurred_at'),
    ('interactions', 'occurred_at'),
    ('survey_invitations', 'invited_at'),
    ('survey_responses', 'answered_at'),
] %}
select entity, rows_out - fewest_rows_in as difference
from (
    {%- for entity, date in dated %}
    select
        '{{ entity }}' as entity,
        (select count(*) from {{ ref('int_' ~ entity) }}{% if date %} where {{ date }} <= {{ as_of_date() }}{% endif %}) as fewest_rows_in,
        (select count(*) from {{ ref('int_' ~ entity) }}{% if date %} where {{ date }} <= {{ as_of_date() }}{% endif %}) as most_rows_in,
        (select count(*) from {{ ref('fct_' ~ entity) }}) as rows_out
    union all
    {%- endfor %}
    {%- for entity, instant in timed %}
    select
        '{{ entity }}' as entity,
        (select count(*) from {{ ref('int_' ~ entity) }} where cast({{ instant }} as date) < {{ as_of_date() }}) as fewest_rows_in,
        (select count(*) from {{ ref('int_' ~ entity) }} where cast({{ instant }} as date) <= {{ add_days(as_of_date(), 1) }}) as most_rows_in,
        (select count(*) from {{ ref('fct_' ~ entity) }}) as rows_out
    union all
    {%- endfor %}
    select
        'payment_allocations',
        (select count(*) from {{ ref('int_settlements') }} where effective_date <= {{ as_of_date() }}),
        (select count(*) from {{ ref('int_settlements') }} where effective_date <= {{ as_of_date() }}),
        (select count(*) from {{ ref('fct_payment_allocations') }})
) as counts
where rows_out < fewest_rows_in or rows_out > most_rows_in

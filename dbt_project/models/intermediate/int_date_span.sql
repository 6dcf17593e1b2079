-- One row: the first and last day that any dated thing of the contract falls on, in whole years.
with spans as (
    {%- for entity, columns in [
        ('documents', ['document_date', 'requested_date', 'first_confirmed_date', 'last_confirmed_date', 'last_told_date', 'valid_until']),
        ('documents', ['received_at', 'entered_at', 'acknowledged_at', 'validated_at', 'sent_at', 'shipped_at', 'closed_at', 'cancelled_at']),
        ('document_lines', ['requested_date', 'first_confirmed_date', 'last_confirmed_date', 'cancelled_at']),
        ('document_events', ['occurred_at']),
        ('inbound_messages', ['received_at', 'resolved_at']),
        ('einvoice_events', ['occurred_at']),
        ('expected_receipts', ['expected_date']),
        ('instalments', ['issued_on', 'due_date']),
        ('payments', ['payment_date', 'issued_on', 'maturity_date', 'remitted_on', 'discounted_on', 'cleared_on', 'value_date']),
        ('payment_allocations', ['effective_date']),
        ('payment_rejections', ['rejected_on']),
        ('payment_promises', ['made_on', 'promised_date']),
        ('dunning_actions', ['action_date']),
        ('disputes', ['opened_on', 'closed_on']),
        ('ledger_entries', ['entry_date', 'document_date', 'lettered_on', 'validated_on']),
        ('claims', ['opened_at', 'first_response_at', 'resolved_at', 'closed_at']),
        ('claim_events', ['occurred_at']),
        ('interactions', ['occurred_at']),
        ('survey_invitations', ['invited_at']),
        ('survey_responses', ['answered_at']),
        ('order_entry_errors', ['detected_at', 'corrected_at']),
        ('absences', ['absence_date']),
    ] %}
    select
        least({% for column in columns %}min({{ column }}){{ ', ' if not loop.last }}{% endfor %}{{ ', null' if columns | length == 1 }}) as first_date,
        greatest({% for column in columns %}max({{ column }}){{ ', ' if not loop.last }}{% endfor %}{{ ', null' if columns | length == 1 }}) as last_date
    from {{ ref('int_' ~ entity) }}
    union all
    {%- endfor %}
    -- The weeks that are forecast need their holidays.
    select {{ as_of_date() }} as first_date, {{ add_days(as_of_date(), '7 * (' ~ var('forecast_weeks') ~ ' + 1)') }} as last_date
),

-- A day more on each side: an instant's local date may be its neighbour.
years as (
    select
        {{ dbt.date_trunc('year', add_days('min(cast(first_date as date))', -1)) }} as first_year,
        {{ dbt.date_trunc('year', add_days('max(cast(last_date as date))', 1)) }} as last_year
    from spans
)

select
    cast(first_year as date) as first_date,
    {{ add_days('cast(' ~ dbt.dateadd('year', 1, 'last_year') ~ ' as date)', -1) }} as last_date
from years

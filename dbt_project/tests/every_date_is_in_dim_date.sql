-- Every date of the document facts has its day in every calendar; a fact joined to dim_date loses no row.
with bounds as (
    select calendar_code, min(date_day) as first_date, max(date_day) as last_date, count(*) as days
    from {{ ref('dim_date') }}
    group by calendar_code
),

dates as (
    {%- for model, columns in [
        ('fct_documents', ['document_date', 'created_date', 'received_date', 'validated_date', 'closed_date', 'requested_date', 'first_confirmed_date', 'last_confirmed_date', 'valid_until']),
        ('fct_order_lines', ['promised_date', 'requested_date', 'first_shipped_date', 'last_shipped_date']),
        ('fct_document_events', ['occurred_date']),
        ('fct_inbound_messages', ['received_date']),
        ('fct_expected_receipts', ['expected_date']),
    ] %}
    {%- for column in columns %}
    select '{{ model }}.{{ column }}' as date_column, min({{ column }}) as first_date, max({{ column }}) as last_date
    from {{ ref(model) }}
    union all
    {%- endfor %}
    {%- endfor %}
    select 'as_of_date', {{ as_of_date() }}, {{ as_of_date() }}
)

select dates.date_column, bounds.calendar_code, dates.first_date, dates.last_date
from dates
cross join bounds
where dates.first_date < bounds.first_date or dates.last_date > bounds.last_date
union all
-- No day is missing between the bounds.
select 'gap', calendar_code, first_date, last_date
from bounds
where days <> {{ days_between('first_date', 'last_date') }} + 1

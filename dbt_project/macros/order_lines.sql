{# A part of a document's amount with its tax, by the ratio of the document's totals; where these are not known, without. #}
{% macro with_tax(amount, total_incl_tax, total_excl_tax) -%}
    coalesce({{ apportioned(amount, total_incl_tax, total_excl_tax) }}, {{ amount }})
{%- endmacro %}

{# Order statuses in which nothing more will be delivered. #}
{% macro closing_statuses() -%}
    ('cancelled', 'rejected', 'expired', 'closed_short', 'settled')
{%- endmacro %}

{#
    Last day on which goods delivered on a day may be invoiced: in Italy the 15th of the next
    month (deferred invoice), elsewhere the end of the month (summary invoice).
#}
{% macro invoice_deadline(delivered_on, country_code) -%}
    case
        when {{ country_code }} = 'IT'
            then {{ add_days('cast(' ~ dbt.dateadd('month', 1, month_of(delivered_on)) ~ ' as date)', 14) }}
        else {{ add_days('cast(' ~ dbt.dateadd('month', 1, month_of(delivered_on)) ~ ' as date)', -1) }}
    end
{%- endmacro %}

{#
    Was the line on time against a reference date, three-valued: NULL while it is not due.
    A line due on the as-of date is judged the next day.

    `measure` is in_full (all of it, whenever), on_time (no part after the date) or otif (all of it
    by the date).
#}
{% macro service_verdict(measure, reference) -%}
    case
        when not is_booked or not is_deliverable or {{ reference }} is null then null
        -- Cancelled by the customer before the date: nothing was owed.
        when target_{{ reference }} <= 0 then null
        {%- if measure == 'in_full' %}
        when delivered_quantity >= target_{{ reference }} * (1 - {{ var('in_full_tolerance') }}) then true
        {%- elif measure == 'on_time' %}
        when last_shipped_date > {{ reference }} then false
        when delivered_quantity >= target_{{ reference }} * (1 - {{ var('in_full_tolerance') }}) then true
        {%- else %}
        when delivered_by_{{ reference }} >= target_{{ reference }} * (1 - {{ var('in_full_tolerance') }}) then true
        {%- endif %}
        -- What we cancelled failed, whenever the date is.
        when is_cancelled_by_us and open_quantity = 0 then false
        when {{ "open_quantity > 0 and " if measure == 'in_full' }}{{ reference }} >= {{ as_of_date() }} then null
        else false
    end
{%- endmacro %}

{#
    Quantity that needs no invoice any more: invoiced or returned. A credit note opens it again
    when it takes back a whole invoice, or follows goods that came back; a price reduction does not.
    Where no more is reversed than came back, the reversal is the credit for those goods, and only the
    rest of them can have another one.
#}
{% macro settled_quantity(invoiced, credited, reversed, returned) -%}
    (
        {{ invoiced }} + {{ returned }} - {{ reversed }}
        - least(
            greatest({{ credited }} - {{ reversed }}, 0),
            case when {{ reversed }} <= {{ returned }} then {{ returned }} - {{ reversed }} else {{ returned }} end
        )
    )
{%- endmacro %}

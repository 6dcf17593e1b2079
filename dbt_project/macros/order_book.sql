{#
    The order book day by day: the CTEs and the last SELECT that follow the CTE `movements`, which
    are the rows of int_order_book_movements with `dimensions` (company_id and book among them).

    State is held as intervals: each change is a delta, deltas are cumulated, and a state is
    repeated for every day on which something is open.
#}
{% macro order_book_days(dimensions) -%}
blocked_orders as (
    select document_id, valid_from, valid_to
    from {{ ref('int_document_states') }}
    where status = 'blocked'
),

-- What each line and day ends with, until the line's next day.
stays as (
    select
        *,
        occurred_on as valid_from,
        next_occurred_on as valid_to
    from movements
    where open_quantity > 0 and (next_occurred_on is null or next_occurred_on > occurred_on)
),

past_due as (
    select
        *,
        greatest(valid_from, {{ add_days('due_date', 1) }}) as late_from
    from stays
    where due_date is not null
),

blocked as (
    select
        stays.*,
        greatest(stays.valid_from, blocked_orders.valid_from) as blocked_from,
        case
            when blocked_orders.valid_to is null then stays.valid_to
            when stays.valid_to is null then blocked_orders.valid_to
            else least(stays.valid_to, blocked_orders.valid_to)
        end as blocked_to
    from stays
    inner join blocked_orders on stays.order_id = blocked_orders.document_id
    where stays.book = 'to_deliver'
),

-- A new promise moves a line from one month to another, and so does the invoice for its oldest
-- delivery: what stays open is amended, and only the rest is what the movement says.
shifts as (
    select
        *,
        {{ month_of('due_date') }} as promised_month,
        {{ month_of('previous_due_date') }} as previous_promised_month,
        case
            when
                open_quantity > 0
                and previous_open_quantity > 0
                and coalesce({{ month_of('due_date') }}, date '1900-01-01')
                <> coalesce({{ month_of('previous_due_date') }}, date '1900-01-01')
                then 1
            else 0
        end as is_shifted
    from movements
),

-- Every change as something leaving where it was and arriving where it is.
deltas as (
    select
        {{ dimensions | join(', ') }},
        promised_month,
        occurred_on,
        movement,
        case when open_quantity > 0 then 1 - is_shifted else 0 end as open_lines,
        company_open_amount_excl_tax
        - is_shifted * least(company_open_amount_excl_tax, previous_company_open_amount_excl_tax) as amount
    from shifts
    union all
    select
        {{ dimensions | join(', ') }},
        previous_promised_month,
        occurred_on,
        movement,
        is_shifted - 1,
        is_shifted * least(company_open_amount_excl_tax, previous_company_open_amount_excl_tax)
        - previous_company_open_amount_excl_tax
    from shifts
    where previous_open_quantity > 0
    {%- for month, sign in [('promised_month', ''), ('previous_promised_month', '-')] %}
    union all
    select
        {{ dimensions | join(', ') }},
        {{ month }},
        occurred_on,
        'amended',
        {{ sign }}1,
        {{ sign }}least(company_open_amount_excl_tax, previous_company_open_amount_excl_tax)
    from shifts
    where is_shifted = 1
    {%- endfor %}
    union all
    select
        {{ dimensions | join(', ') }}, {{ month_of('due_date') }}, late_from, 'past_due', 1, company_open_amount_excl_tax
    from past_due
    where late_from <= {{ as_of_date() }} and (valid_to is null or late_from < valid_to)
    union all
    select
        {{ dimensions | join(', ') }}, {{ month_of('due_date') }}, valid_to, 'past_due', -1, -company_open_amount_excl_tax
    from past_due
    where valid_to <= {{ as_of_date() }} and late_from < valid_to
    union all
    select
        {{ dimensions | join(', ') }}, {{ month_of('due_date') }}, blocked_from, 'blocked', 1, company_open_amount_excl_tax
    from blocked
    where blocked_to is null or blocked_from < blocked_to
    union all
    select
        {{ dimensions | join(', ') }}, {{ month_of('due_date') }}, blocked_to, 'blocked', -1, -company_open_amount_excl_tax
    from blocked
    where blocked_to <= {{ as_of_date() }} and blocked_from < blocked_to
),

days as (
    select
        {{ dimensions | join(', ') }},
        promised_month,
        occurred_on,
        {%- for movement in ['new', 'amended', 'fulfilled', 'cancelled', 'past_due', 'blocked'] %}
        sum(case when movement = '{{ movement }}' then open_lines else 0 end) as {{ movement }}_lines,
        sum(case when movement = '{{ movement }}' then amount else 0 end) as {{ movement }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from deltas
    group by {{ dimensions | join(', ') }}, promised_month, occurred_on
),

running as (
    select
        *,
        {%- for measure in ['lines', 'amount'] %}
        sum(new_{{ measure }} + amended_{{ measure }} + fulfilled_{{ measure }} + cancelled_{{ measure }}) over (
            partition by {{ dimensions | join(', ') }}, promised_month order by occurred_on
            rows between unbounded preceding and current row
        ) as closing_{{ measure }},
        {%- for state in ['past_due', 'blocked'] %}
        sum({{ state }}_{{ measure }}) over (
            partition by {{ dimensions | join(', ') }}, promised_month order by occurred_on
            rows between unbounded preceding and current row
        ) as closing_{{ state }}_{{ measure }},
        {%- endfor %}
        {%- endfor %}
        coalesce(
            lead(occurred_on) over (
                partition by {{ dimensions | join(', ') }}, promised_month order by occurred_on
            ),
            {{ add_days(as_of_date(), 1) }}
        ) as next_occurred_on
    from days
),

span as (
    select min(occurred_on) as first_date, {{ as_of_date() }} as last_date
    from running
),

calendar as (
    {{ days_of('span', 'first_date', 'last_date', 'date_day') }}
),

-- Each state lasts until the next one; a flow belongs to its own day only.
filled as (
    select
        running.*,
        calendar.date_day,
        calendar.date_day = running.occurred_on as is_day_of_movement
    from running
    inner join calendar
        on
            calendar.date_day >= running.occurred_on
            and calendar.date_day < running.next_occurred_on
    where
        running.closing_lines <> 0
        or running.closing_amount <> 0
        -- A movement of nothing is none: a delivered line is cancelled, something invoiced comes back.
        or (
            calendar.date_day = running.occurred_on
            and (
                {%- for movement in ['new', 'amended', 'fulfilled', 'cancelled'] %}
                {{ 'or ' if not loop.first }}running.{{ movement }}_lines <> 0 or running.{{ movement }}_amount <> 0
                {%- endfor %}
            )
        )
)

select
    {%- for dimension in dimensions %}
    filled.{{ dimension }},
    {%- endfor %}
    filled.date_day as as_of_date,
    filled.promised_month,
    company.currency_code,
    {%- for measure, type in [('lines', 'bigint'), ('amount', 'decimal(18, 4)')] %}
    {%- set suffix = 'lines' if measure == 'lines' else 'amount_excl_tax' %}
    cast(
        filled.closing_{{ measure }}
        - case
            when filled.is_day_of_movement
                then filled.new_{{ measure }} + filled.amended_{{ measure }} + filled.fulfilled_{{ measure }} + filled.cancelled_{{ measure }}
            else 0
        end as {{ type }}
    ) as opening_{{ suffix }},
    cast(case when filled.is_day_of_movement then filled.new_{{ measure }} else 0 end as {{ type }}) as new_{{ suffix }},
    cast(case when filled.is_day_of_movement then filled.amended_{{ measure }} else 0 end as {{ type }}) as amended_{{ suffix }},
    cast(case when filled.is_day_of_movement then -filled.fulfilled_{{ measure }} else 0 end as {{ type }}) as fulfilled_{{ suffix }},
    cast(case when filled.is_day_of_movement then -filled.cancelled_{{ measure }} else 0 end as {{ type }}) as cancelled_{{ suffix }},
    cast(filled.closing_{{ measure }} as {{ type }}) as closing_{{ suffix }},
    cast(filled.closing_past_due_{{ measure }} as {{ type }}) as past_due_{{ suffix }},
    cast(filled.closing_blocked_{{ measure }} as {{ type }}) as blocked_{{ suffix }}{{ ',' if not loop.last }}
    {%- endfor %}
from filled
inner join {{ ref('dim_company') }} as company on filled.company_id = company.company_id
{%- endmacro %}

-- One row per company and month end, and the as-of date: what was delivered and not invoiced, invoiced and not
-- delivered, and returned and not credited, for the closing entries.
with

order_lines as (

    select
        lines.order_line_id,
        lines.company_id,
        lines.is_deliverable,
        lines.booked_date,
        lines.company_amount_excl_tax,
        lines.ordered_quantity,
        orders.amount_incl_tax as order_amount_incl_tax,
        orders.amount_excl_tax as order_amount_excl_tax
    from {{ ref('fct_order_lines') }} as lines
    inner join {{ ref('fct_documents') }} as orders on lines.order_id = orders.document_id

),

book_movements as (

    select * from {{ ref('int_order_book_movements') }} where book = 'to_invoice'

),

deliveries as (

    select * from {{ ref('fct_deliveries') }}

),

invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

companies as (

    select company_id, currency_code from {{ ref('dim_company') }}

),

events as (

    select
        order_line_id,
        shipped_date as occurred_on,
        case when document_type = 'delivery_note' and delivery_reason = 'sale' then quantity else 0 end as delivered,
        case when document_type = 'return' then quantity else 0 end as returned,
        cast(0 as decimal(18, 4)) as invoiced,
        cast(0 as decimal(18, 4)) as credited,
        cast(0 as decimal(18, 4)) as reversed
    from deliveries
    where is_shipped and order_line_id is not null and shipped_date <= {{ as_of_date() }}
    union all
    select
        order_line_id,
        invoice_date,
        0,
        0,
        case when document_type = 'invoice' then net_quantity else 0 end,
        case when document_type = 'credit_note' then -net_quantity else 0 end,
        case when document_type = 'credit_note' and reverses_invoice then -net_quantity else 0 end
    from invoice_lines
    where
        is_issued
        and document_type in ('invoice', 'credit_note')
        and order_line_id is not null
        and invoice_date <= {{ as_of_date() }}

),

{%- set quantities = ['delivered', 'returned', 'invoiced', 'credited', 'reversed'] %}

days as (

    select
        order_line_id,
        occurred_on,
        {%- for quantity in quantities %}
        sum({{ quantity }}) as {{ quantity }}{{ ',' if not loop.last }}
        {%- endfor %}
    from events
    group by 1, 2

),

running as (

    select
        order_line_id,
        occurred_on,
        {%- for quantity in quantities %}
        sum({{ quantity }}) over (
            partition by order_line_id order by occurred_on
            rows between unbounded preceding and current row
        ) as {{ quantity }}{{ ',' if not loop.last }}
        {%- endfor %}
    from days

),

-- What is settled beyond what was delivered: first goods that came back and have no credit note yet,
-- then goods that are still to leave.
excesses as (

    select
        running.order_line_id,
        running.occurred_on,
        greatest({{ settled_quantity('running.invoiced', 'running.credited', 'running.reversed', 'running.returned') }} - running.delivered, 0)
            as excess_quantity,
        greatest(running.returned - running.credited, 0) as uncredited_quantity
    from running

),

excess_kinds as (

    select
        'credit_notes_to_issue' as part,
        order_line_id,
        occurred_on,
        least(excess_quantity, uncredited_quantity) as quantity
    from excesses
    union all
    select
        'invoiced_not_delivered',
        order_line_id,
        occurred_on,
        excess_quantity - least(excess_quantity, uncredited_quantity)
    from excesses

),

excess_values as (

    select
        excess_kinds.*,
        coalesce({{ apportioned('order_lines.company_amount_excl_tax', 'excess_kinds.quantity', 'order_lines.ordered_quantity') }}, 0) as amount
    from excess_kinds
    inner join order_lines on excess_kinds.order_line_id = order_lines.order_line_id
    where order_lines.is_deliverable

),

open_values as (

    select
        'delivered_not_invoiced' as part,
        order_line_id,
        occurred_on,
        open_quantity,
        previous_open_quantity,
        company_open_amount_excl_tax as open_amount,
        previous_company_open_amount_excl_tax as previous_open_amount
    from book_movements
    union all
    select
        part,
        order_line_id,
        occurred_on,
        quantity,
        coalesce(lag(quantity) over (partition by part, order_line_id order by occurred_on), 0),
        amount,
        coalesce(lag(amount) over (partition by part, order_line_id order by occurred_on), 0)
    from excess_values

),

changes as (

    select
        order_lines.company_id,
        open_values.occurred_on,
        open_values.part,
        case when open_values.open_quantity > 0 then 1 else 0 end
        - case when open_values.previous_open_quantity > 0 then 1 else 0 end as lines,
        open_values.open_amount - open_values.previous_open_amount as excl_tax,
        {{ with_tax('open_values.open_amount', 'order_lines.order_amount_incl_tax', 'order_lines.order_amount_excl_tax') }}
        - {{ with_tax('open_values.previous_open_amount', 'order_lines.order_amount_incl_tax', 'order_lines.order_amount_excl_tax') }} as incl_tax
    from open_values
    inner join order_lines on open_values.order_line_id = order_lines.order_line_id

),

months as (

    select
        starts.company_id,
        dates.month_start,
        max(dates.date_day) as as_of_date
    from (select company_id, min(occurred_on) as first_date from changes group by 1) as starts
    inner join (
        select distinct date_day, month_start
        from {{ ref('dim_date') }}
        where date_day <= {{ as_of_date() }}
    ) as dates on starts.first_date <= dates.date_day
    group by 1, 2

),

{%- set parts = ['delivered_not_invoiced', 'invoiced_not_delivered', 'credit_notes_to_issue'] %}

monthly_changes as (

    select
        company_id,
        {{ month_of('occurred_on') }} as month_start,
        {%- for part in parts %}
        {%- for measure in ['lines', 'excl_tax', 'incl_tax'] %}
        sum(case when part = '{{ part }}' then {{ measure }} else 0 end) as {{ part }}_{{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}{{ ',' if not loop.last }}
        {%- endfor %}
    from changes
    group by 1, 2

),

balances as (

    select
        months.company_id,
        months.month_start,
        months.as_of_date,
        {%- for part in parts %}
        {%- for measure in ['lines', 'excl_tax', 'incl_tax'] %}
        sum(coalesce(monthly_changes.{{ part }}_{{ measure }}, 0)) over (
            partition by months.company_id order by months.month_start
            rows between unbounded preceding and current row
        ) as {{ part }}_{{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}{{ ',' if not loop.last }}
        {%- endfor %}
    from months
    left join monthly_changes
        on months.company_id = monthly_changes.company_id and months.month_start = monthly_changes.month_start

)

select
    balances.company_id,
    balances.month_start,
    balances.as_of_date,
    {{ month_of(add_days('balances.as_of_date', 1)) }} <> balances.month_start as is_month_over,
    companies.currency_code,
    {%- for part in parts %}
    cast(balances.{{ part }}_lines as bigint) as {{ part }}_line_count,
    {{ money('balances.' ~ part ~ '_excl_tax') }} as company_{{ part }}_amount_excl_tax,
    {{ money('balances.' ~ part ~ '_incl_tax') }} as company_{{ part }}_amount_incl_tax,
    {%- endfor %}
    {%- for tax in ['excl_tax', 'incl_tax'] %}
    {{ money('balances.delivered_not_invoiced_' ~ tax) }}
    - {{ money('balances.invoiced_not_delivered_' ~ tax) }}
    - {{ money('balances.credit_notes_to_issue_' ~ tax) }} as company_net_amount_{{ tax }}{{ ',' if not loop.last }}
    {%- endfor %}
from balances
inner join companies on balances.company_id = companies.company_id

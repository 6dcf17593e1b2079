-- One row per thing that happened to a quotation or an order, as the sale's history tells it.
-- A sale that was recorded after its business day happened on its business days, not when it was recorded.
with

sales as (
    select * from {{ ref('stg_tryton__sales') }}
),

history as (
    select
        *,
        coalesce(write_uid, create_uid) as user_id
    from {{ raw('tryton', 'sale_sale_history') }}
    where state is not null
),

line_history as (
    select
        history.*,
        coalesce(history.write_uid, history.create_uid) as user_id,
        lag(history.quantity) over (partition by history.source_id, history.id order by history.history_id) as previous_quantity,
        lag(history.unit_price) over (partition by history.source_id, history.id order by history.history_id) as previous_price,
        sale_lines.unit_price as current_price,
        sale_lines.base_price as current_base_price
    from {{ raw('tryton', 'sale_line_history') }} as history
    inner join {{ ref('stg_tryton__sale_lines') }} as sale_lines
        on history.source_id = sale_lines.source_id and history.id = sale_lines.line_id
    where history.quantity is not null
),

users as (
    select * from {{ ref('stg_tryton__users') }}
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'tryton' and source_type = 'sale.sale'
),

-- The log of a sale is its quotation's until it is confirmed, and its order's from then on.
logged as (
    select
        history.*,
        sales.company_id,
        sales.validated_at,
        coalesce(sales.confirm_recorded_at, sales.validated_at) as confirm_recorded_at,
        sales.entered_at,
        sales.time_zone,
        sales.first_shipped_on,
        sales.last_shipped_on,
        sales.last_invoiced_on,
        sales.status_on,
        sales.quoted_by,
        sales.confirmed_by,
        sales.was_quotation,
        max(case when history.state in ('confirmed', 'processing', 'done') then 1 else 0 end) over (
            partition by history.source_id, history.id order by history.history_id
        ) = 1 and sales.is_order as is_order,
        lag(history.shipping_date) over (partition by history.source_id, history.id order by history.history_id)
            as previous_shipping_date
    from history
    inner join sales
        on history.source_id = sales.source_id and history.id = sales.id
),

typed as (
    select
        *,
        case when is_order then 'order' else 'quote' end as document_type,
        case
            when state = 'processing' and shipment_state in ('sent', 'none')
                and invoice_state in ('awaiting payment', 'partially paid', 'paid')
                then 'processing:invoiced'
            when state = 'processing' then 'processing:' || shipment_state
            else state
        end as map_status
    from logged
    where is_order or was_quotation
),

mapped as (
    select
        typed.*,
        coalesce(status_map.status, 'unknown') as status
    from typed
    left join status_map
        on typed.map_status = status_map.source_status and typed.document_type = status_map.document_type
),

compared as (
    select
        *,
        lag(status) over (partition by source_id, id, document_type order by history_id) as previous_status
    from mapped
),

changes as (
    select
        *,
        case
            when is_order and previous_status is null then validated_at
            when entered_at is not null then changed_at
            when status = 'part_shipped'
                then coalesce({{ utc_instant('cast(first_shipped_on as timestamp)', 'time_zone') }}, changed_at)
            when status = 'shipped'
                then coalesce({{ utc_instant('cast(last_shipped_on as timestamp)', 'time_zone') }}, changed_at)
            when status = 'invoiced'
                then
                    coalesce(
                        {{ utc_instant('cast(greatest(coalesce(last_shipped_on, last_invoiced_on), last_invoiced_on) as timestamp)', 'time_zone') }},
                        changed_at
                    )
            when status = 'settled'
                then coalesce({{ utc_instant('cast(status_on as timestamp)', 'time_zone') }}, changed_at)
            else changed_at
        end as stated_at
    from compared
    where previous_status is null or previous_status <> status
),

status_events as (
    select
        source_id,
        {{ key('source_id', 'sale.history', 'history_id') }} as document_event_id,
        case
            when is_order then {{ key('source_id', 'sale.sale', 'id') }}
            else {{ key('source_id', 'sale.quotation', 'id') }}
        end as document_id,
        cast(null as {{ dbt.type_string() }}) as document_line_id,
        company_id,
        case when previous_status is null and not is_order then 'created' else 'status_changed' end as event_type,
        -- Whatever the dates say, it happened in the order of the log.
        max(stated_at) over (partition by source_id, id, document_type order by history_id) as occurred_at,
        changed_at,
        case
            when is_order and previous_status is null then {{ key('source_id', 'company.employee', 'confirmed_by') }}
            when not is_order and state = 'quotation' then {{ key('source_id', 'company.employee', 'quoted_by') }}
        end as employee_id,
        user_id,
        previous_status as from_status,
        status as to_status,
        cast(null as {{ dbt.type_string() }}) as field_name,
        cast(null as {{ dbt.type_string() }}) as from_value,
        cast(null as {{ dbt.type_string() }}) as to_value
    from changes
),

date_events as (
    select
        source_id,
        {{ key('source_id', 'sale.history', 'history_id') }} || '/date' as document_event_id,
        {{ key('source_id', 'sale.sale', 'id') }} as document_id,
        cast(null as {{ dbt.type_string() }}) as document_line_id,
        company_id,
        'date_changed' as event_type,
        changed_at as occurred_at,
        changed_at,
        cast(null as {{ dbt.type_string() }}) as employee_id,
        user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status,
        'last_confirmed_date' as field_name,
        cast(previous_shipping_date as {{ dbt.type_string() }}) as from_value,
        cast(shipping_date as {{ dbt.type_string() }}) as to_value
    from logged
    where is_order and changed_at > confirm_recorded_at and previous_shipping_date <> shipping_date
),

line_events as (
    select
        line_history.source_id,
        {{ key('line_history.source_id', 'sale.line.history', 'line_history.history_id') }} as event_key,
        {{ key('line_history.source_id', 'sale.sale', 'line_history.sale') }} as document_id,
        {{ key('line_history.source_id', 'sale.line', 'line_history.id') }} as document_line_id,
        sales.company_id,
        line_history.changed_at,
        line_history.user_id,
        line_history.quantity,
        line_history.previous_quantity,
        -- In the words of the line: before its discount.
        case when line_history.current_price <> 0
                then {{ money('round(line_history.unit_price * ' ~ ratio('coalesce(line_history.current_base_price, line_history.current_price)', 'line_history.current_price') ~ ', 4)') }}
            else line_history.unit_price
        end as price,
        case when line_history.current_price <> 0
                then {{ money('round(line_history.previous_price * ' ~ ratio('coalesce(line_history.current_base_price, line_history.current_price)', 'line_history.current_price') ~ ', 4)') }}
            else line_history.previous_price
        end as previous_price
    from line_history
    inner join sales
        on line_history.source_id = sales.source_id and line_history.sale = sales.id
    where sales.is_order and line_history.changed_at > coalesce(sales.confirm_recorded_at, sales.validated_at)
),

term_events as (
    {%- for event_type, column in [('quantity_changed', 'quantity'), ('price_changed', 'price')] %}
    select
        source_id,
        event_key || '/{{ column }}' as document_event_id,
        document_id,
        document_line_id,
        company_id,
        '{{ event_type }}' as event_type,
        changed_at as occurred_at,
        changed_at,
        cast(null as {{ dbt.type_string() }}) as employee_id,
        user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status,
        '{{ 'quantity' if column == 'quantity' else 'unit_price_excl_tax' }}' as field_name,
        cast(previous_{{ column }} as {{ dbt.type_string() }}) as from_value,
        cast({{ column }} as {{ dbt.type_string() }}) as to_value
    from line_events
    where previous_{{ column }} <> {{ column }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

events as (
    select * from status_events
    union all
    select * from date_events
    union all
    select * from term_events
),

final as (
    select
        events.source_id,
        'tryton' as source_system,
        events.document_event_id,
        events.document_id,
        events.document_line_id,
        events.company_id,
        events.event_type,
        events.occurred_at,
        coalesce(events.employee_id, users.employee_id) as employee_id,
        events.from_status,
        events.to_status,
        events.field_name,
        events.from_value,
        events.to_value,
        case when events.occurred_at = events.changed_at then 'source' else 'derived' end as origin
    from events
    left join users
        on events.source_id = users.source_id and events.user_id = users.id
)

{{ conform('document_events') }}

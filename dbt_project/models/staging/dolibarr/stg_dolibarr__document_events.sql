-- One row per thing that happened to a document: the steps that it dates and signs itself, and what was sent.
with

quotes as (
    select * from {{ ref('stg_dolibarr__quotes') }}
),

orders as (
    select * from {{ ref('stg_dolibarr__orders') }}
),

shipments as (
    select * from {{ ref('stg_dolibarr__shipments') }}
),

invoices as (
    select * from {{ ref('stg_dolibarr__invoices') }}
),

documents as (
    select document_id, document_type, company_id, status from {{ ref('stg_dolibarr__documents') }}
),

logged as (
    select * from {{ ref('stg_dolibarr__logged_events') }}
),

-- Each step: the state that it begins, when, and who took it.
steps as (
    {%- for table, column in [('quotes', 'quote'), ('orders', 'order_number'), ('shipments', 'shipment'), ('invoices', 'invoice')] %}
    select
        source_id,
        document_id,
        1 as step,
        'created' as step_name,
        entered_at as occurred_at,
        author as user_id,
        {{ "'to_validate'" if table == 'orders' else "'draft'" }} as to_status,
        'source' as origin
    from {{ table }}
    where entered_at is not null

    union all

    select
        source_id,
        document_id,
        2 as step,
        'validated' as step_name,
        {{ 'coalesce(validated_at, shipped_at)' if table == 'shipments' else 'validated_at' }} as occurred_at,
        validator as user_id,
        {{ {'quotes': "'waiting'", 'orders': "'waiting'", 'shipments': "'shipped'", 'invoices': "'invoiced'"}[table] }} as to_status,
        'source' as origin
    from {{ table }}
    where {{ 'shipped_at' if table == 'shipments' else 'validated_at' }} is not null

    union all
    {%- endfor %}

    -- What an order's shipments say of it.
    select
        source_id,
        document_id,
        3 as step,
        'shipping' as step_name,
        first_shipped_at as occurred_at,
        cast(null as bigint) as user_id,
        'part_shipped' as to_status,
        'derived' as origin
    from orders
    where first_shipped_at is not null and (completed_at is null or completed_at > first_shipped_at)

    union all

    select
        source_id,
        document_id,
        4 as step,
        'shipped' as step_name,
        completed_at as occurred_at,
        cast(null as bigint) as user_id,
        'shipped' as to_status,
        'derived' as origin
    from orders
    where completed_at is not null and state > 0

    union all

    {%- for table, condition in [('quotes', 'closed_at is not null'), ('orders', 'coalesce(closed_at, cancelled_at) is not null'), ('invoices', 'closed_at is not null')] %}
    select
        {{ table }}.source_id,
        {{ table }}.document_id,
        5 as step,
        'closed' as step_name,
        {{ 'coalesce(orders.closed_at, orders.cancelled_at)' if table == 'orders' else table ~ '.closed_at' }} as occurred_at,
        {{ table }}.closer as user_id,
        documents.status as to_status,
        'source' as origin
    from {{ table }}
    inner join documents on {{ table }}.document_id = documents.document_id
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- They follow one another whatever their clocks say, and what changes nothing is no event.
ordered as (
    select
        *,
        max(occurred_at) over (
            partition by document_id order by step rows between unbounded preceding and current row
        ) as happened_at,
        lag(to_status) over (partition by document_id order by step) as from_status
    from steps
),

status_events as (
    select
        ordered.source_id,
        ordered.document_id || '/' || ordered.step_name as document_event_id,
        ordered.document_id,
        case when ordered.step = 1 then 'created' else 'status_changed' end as event_type,
        ordered.happened_at as occurred_at,
        ordered.user_id,
        ordered.from_status,
        ordered.to_status,
        ordered.origin
    from ordered
    where ordered.from_status is null or ordered.from_status <> ordered.to_status
),

sent_events as (
    select
        logged.source_id,
        {{ key('logged.source_id', 'actioncomm', 'logged.id') }} as document_event_id,
        logged.source_id || '/' || logged.kind || '/' || cast(logged.document as {{ dbt.type_string() }}) as document_id,
        case when logged.code = 'ORDER_SENTBYMAIL' then 'acknowledged' else 'sent' end as event_type,
        logged.occurred_at,
        logged.user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status,
        'source' as origin
    from logged
    where logged.code in ('PROPAL_SENTBYMAIL', 'ORDER_SENTBYMAIL', 'SHIPPING_SENTBYMAIL', 'BILL_SENTBYMAIL')
),

events as (
    select * from status_events
    union all
    select * from sent_events
),

final as (
    select
        events.source_id,
        'dolibarr' as source_system,
        events.document_event_id,
        events.document_id,
        documents.company_id,
        events.event_type,
        events.occurred_at,
        {{ key('events.source_id', 'user', 'nullif(events.user_id, 0)') }} as employee_id,
        events.from_status,
        events.to_status,
        events.origin
    from events
    inner join documents on events.document_id = documents.document_id
    where events.occurred_at is not null
)

{{ conform('document_events', lacks=['document_line_id', 'field_name', 'from_value', 'to_value']) }}

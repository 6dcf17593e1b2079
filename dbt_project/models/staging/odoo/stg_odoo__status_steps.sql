-- One row per document and instant at which its status changed: as Odoo's log tells it, or derived from
-- dates, transfers, invoices and deposits where the log is silent.
{{ config(materialized='table') }}

with

documents as (
    select * from {{ ref('stg_odoo__document_records') }}
),

orders as (
    select * from {{ ref('stg_odoo__sale_orders') }}
),

transfers as (
    select * from {{ ref('stg_odoo__transfers') }}
),

invoices as (
    select * from {{ ref('stg_odoo__invoices') }}
),

changes as (
    select * from {{ ref('stg_odoo__status_changes') }}
),

status_map as (
    select * from {{ ref('document_status_map') }} where system = 'odoo'
),

statuses as (
    select * from {{ ref('document_statuses') }}
),

-- Confirmations that nothing but the order's own date tells of.
unlogged as (
    select
        orders.source_id,
        'sale.order' as model,
        orders.id as res_id,
        'confirmed' as change_id,
        orders.confirmed_at as occurred_at,
        cast(null as bigint) as user_id,
        case when orders.sent_at is not null then 'sent' else 'draft' end as from_value,
        'sale' as to_value
    from orders
    left join changes
        on
            orders.source_id = changes.source_id
            and changes.model = 'sale.order'
            and orders.id = changes.res_id
            and changes.field_name = 'state'
            and changes.to_value in ('sale', 'done')
    where orders.confirmed_at is not null and changes.res_id is null

    union all

    select
        transfers.source_id,
        'stock.picking' as model,
        transfers.id as res_id,
        'done' as change_id,
        transfers.date_done as occurred_at,
        transfers.user_id,
        'assigned' as from_value,
        'done' as to_value
    from transfers
    left join changes
        on
            transfers.source_id = changes.source_id
            and changes.model = 'stock.picking'
            and transfers.id = changes.res_id
            and changes.field_name = 'state'
            and changes.to_value = 'done'
    where transfers.state = 'done' and transfers.date_done is not null and changes.res_id is null

    union all

    select
        invoices.source_id,
        'account.move' as model,
        invoices.id as res_id,
        'posted' as change_id,
        invoices.posted_at as occurred_at,
        cast(null as bigint) as user_id,
        'draft' as from_value,
        'posted' as to_value
    from invoices
    left join changes
        on
            invoices.source_id = changes.source_id
            and changes.model = 'account.move'
            and invoices.id = changes.res_id
            and changes.field_name = 'state'
            and changes.to_value = 'posted'
    where invoices.posted_at is not null and changes.res_id is null
),

-- Payment and e-invoice statuses refine the status `posted`.
status_steps as (
    select
        source_id,
        model,
        res_id,
        field_name || '/' || change_id as step_id,
        occurred_at,
        user_id,
        case
            when field_name = 'state' then from_value
            else 'posted:' || coalesce(from_value, 'not_paid')
        end as from_value,
        case when field_name = 'state' then to_value else 'posted:' || to_value end as to_value,
        origin
    from changes
    where
        field_name in ('state', 'payment_state')
        or (field_name = 'l10n_it_edi_state' and to_value = 'rejected')

    union all

    select
        source_id,
        model,
        res_id,
        change_id as step_id,
        occurred_at,
        user_id,
        from_value,
        to_value,
        'derived' as origin
    from unlogged
),

-- An offer that became an order was won; what happens after that happens to the order.
document_steps as (
    select
        documents.source_id,
        documents.document_id,
        documents.document_type,
        documents.model,
        documents.company_id,
        status_steps.step_id,
        status_steps.occurred_at,
        status_steps.user_id,
        status_steps.from_value,
        case
            when documents.document_type = 'quote' and status_steps.to_value in ('sale', 'done') then 'won'
            else status_steps.to_value
        end as to_value,
        status_steps.origin
    from status_steps
    inner join documents
        on
            status_steps.source_id = documents.source_id
            and status_steps.model = documents.model
            and status_steps.res_id = documents.res_id
    where
        -- A delivery note exists once it is done, an order that was an offer once it is confirmed.
        documents.document_type <> 'delivery_note'
        and (documents.document_type <> 'order' or status_steps.occurred_at >= documents.began_at)
        and (documents.document_type <> 'order' or status_steps.to_value not in ('draft', 'sent'))
        and (documents.document_type <> 'quote' or coalesce(status_steps.from_value, '') not in ('sale', 'done'))
),

mapped_steps as (
    select
        document_steps.source_id,
        document_steps.document_id,
        document_steps.company_id,
        document_steps.step_id,
        document_steps.occurred_at,
        document_steps.user_id,
        case
            when document_steps.from_value is not null then coalesce(map_from.status, 'unknown')
        end as from_status,
        coalesce(map_to.status, 'unknown') as to_status,
        document_steps.origin
    from document_steps
    left join status_map as map_from
        on
            document_steps.model = map_from.source_type
            and document_steps.document_type = map_from.document_type
            and document_steps.from_value = map_from.source_status
    left join status_map as map_to
        on
            document_steps.model = map_to.source_type
            and document_steps.document_type = map_to.document_type
            and document_steps.to_value = map_to.source_status
),

-- Shipping and billing move the order on without a word in its log.
shipments as (
    select
        source_id,
        sale_id as order_id,
        id as transfer_id,
        date_done as occurred_at,
        user_id,
        row_number() over (partition by source_id, sale_id order by date_done, id) as position,
        row_number() over (
            partition by source_id, sale_id order by date_done desc, id desc
        ) as position_from_last
    from transfers
    where not is_return and state = 'done' and sale_id is not null
),

-- When the first transfer of the order was ready to be picked.
preparations as (
    select
        transfers.source_id,
        transfers.sale_id as order_id,
        min(changes.occurred_at) as occurred_at
    from changes
    inner join transfers
        on
            changes.source_id = transfers.source_id
            and changes.model = 'stock.picking'
            and changes.res_id = transfers.id
    where
        changes.field_name = 'state'
        and changes.to_value = 'assigned'
        and not transfers.is_return
        and transfers.sale_id is not null
    group by transfers.source_id, transfers.sale_id
),

order_steps as (
    select
        orders.source_id,
        {{ key('orders.source_id', 'sale.order', 'orders.id') }} as document_id,
        orders.company_id,
        'prepared' as step_id,
        preparations.occurred_at,
        cast(null as bigint) as user_id,
        'waiting' as from_status,
        'in_preparation' as to_status
    from preparations
    inner join orders
        on preparations.source_id = orders.source_id and preparations.order_id = orders.id
    where orders.is_order and preparations.occurred_at >= orders.confirmed_at

    union all

    select
        orders.source_id,
        {{ key('orders.source_id', 'sale.order', 'orders.id') }} as document_id,
        orders.company_id,
        'shipped/' || cast(shipments.transfer_id as {{ dbt.type_string() }}) as step_id,
        shipments.occurred_at,
        shipments.user_id,
        case when shipments.position = 1 then 'waiting' else 'part_shipped' end as from_status,
        case
            when shipments.position_from_last = 1 and orders.undelivered_lines = 0 then 'shipped'
            else 'part_shipped'
        end as to_status
    from shipments
    inner join orders
        on shipments.source_id = orders.source_id and shipments.order_id = orders.id
    where orders.is_order and orders.state in ('sale', 'done')

    union all

    select
        source_id,
        {{ key('source_id', 'sale.order', 'id') }} as document_id,
        company_id,
        'deposit_asked' as step_id,
        deposit_asked_at as occurred_at,
        cast(null as bigint) as user_id,
        'waiting' as from_status,
        'blocked' as to_status
    from orders
    where is_order and deposit_asked_at is not null

    union all

    select
        source_id,
        {{ key('source_id', 'sale.order', 'id') }} as document_id,
        company_id,
        'deposit_paid' as step_id,
        deposit_paid_at as occurred_at,
        cast(null as bigint) as user_id,
        'blocked' as from_status,
        'waiting' as to_status
    from orders
    where is_order and deposit_paid_at is not null and not awaits_deposit

    union all

    select
        source_id,
        {{ key('source_id', 'sale.order', 'id') }} as document_id,
        company_id,
        'closed' as step_id,
        case
            when progress = 'closed_short' then last_transfer_at
            else greatest(
                coalesce(billed_at, last_transfer_at),
                coalesce(last_transfer_at, billed_at)
            )
        end as occurred_at,
        cast(null as bigint) as user_id,
        case
            when progress = 'closed_short' and started_lines > 0 then 'part_shipped'
            when progress = 'closed_short' then 'waiting'
            else 'shipped'
        end as from_status,
        case when progress = 'closed_short' then 'closed_short' else 'invoiced' end as to_status
    from orders
    where
        is_order
        and state in ('sale', 'done')
        and progress in ('closed_short', 'invoiced')
        and coalesce(billed_at, last_transfer_at) is not null
),

all_steps as (
    select
        source_id,
        document_id,
        company_id,
        step_id,
        occurred_at,
        user_id,
        from_status,
        to_status,
        origin
    from mapped_steps
    where from_status is null or from_status <> to_status

    union all

    select
        source_id,
        document_id,
        company_id,
        step_id,
        occurred_at,
        user_id,
        from_status,
        to_status,
        'derived' as origin
    from order_steps

    union all

    select
        invoices.source_id,
        {{ key('invoices.source_id', 'account.move', 'invoices.id') }} as document_id,
        invoices.company_id,
        'rejected' as step_id,
        invoices.rejected_at as occurred_at,
        cast(null as bigint) as user_id,
        'invoiced' as from_status,
        'rejected' as to_status,
        'derived' as origin
    from invoices
    left join changes
        on
            invoices.source_id = changes.source_id
            and changes.model = 'account.move'
            and invoices.id = changes.res_id
            and changes.to_value = 'rejected'
    where invoices.rejected_at is not null and changes.res_id is null

    union all

    select
        invoices.source_id,
        {{ key('invoices.source_id', 'account.move', 'invoices.id') }} as document_id,
        invoices.company_id,
        'settled' as step_id,
        invoices.settled_at as occurred_at,
        cast(null as bigint) as user_id,
        'invoiced' as from_status,
        'settled' as to_status,
        'derived' as origin
    from invoices
    where invoices.is_settled and invoices.is_issued and not invoices.is_payment_logged

    union all

    select
        orders.source_id,
        {{ key('orders.source_id', 'sale.quotation', 'orders.id') }} as document_id,
        orders.company_id,
        'expired' as step_id,
        orders.expired_at as occurred_at,
        cast(null as bigint) as user_id,
        'waiting' as from_status,
        'expired' as to_status,
        'derived' as origin
    from orders
    where orders.expired_at is not null
),

-- An order waits for its deposit until its goods are ready: what comes of the deposit later moves it no more.
steps as (
    select *
    from (
        select
            *,
            max(case when to_status in ('draft', 'to_validate', 'blocked', 'waiting', 'unknown') then 0 else 1 end) over (
                partition by document_id order by occurred_at
            ) = 1 as is_let_go
        from all_steps
    ) as dated_steps
    where step_id not in ('deposit_asked', 'deposit_paid') or not is_let_go
),

-- What happened in one instant is one change, to the status that lies furthest in a document's life.
ranked_steps as (
    select
        steps.source_id,
        steps.document_id,
        steps.company_id,
        steps.step_id,
        steps.occurred_at,
        coalesce(
            max(case when steps.origin = 'source' then steps.user_id end) over (
                partition by steps.document_id, steps.occurred_at
            ),
            max(steps.user_id) over (partition by steps.document_id, steps.occurred_at)
        ) as user_id,
        first_value(steps.from_status) over (
            partition by steps.document_id, steps.occurred_at order by statuses.sort_order, steps.step_id
        ) as from_status,
        steps.to_status,
        -- What followed in the same instant does not hide who acted.
        case
            when max(case when steps.origin = 'source' then 1 else 0 end) over (
                partition by steps.document_id, steps.occurred_at
            ) = 1 then 'source'
            else 'derived'
        end as origin,
        row_number() over (
            partition by steps.document_id, steps.occurred_at
            order by statuses.sort_order desc, steps.step_id desc
        ) as position
    from steps
    inner join statuses on steps.to_status = statuses.status
    where steps.occurred_at is not null
),

-- A derived change knows where it leads; where it comes from is where the last one led.
chained_steps as (
    select
        source_id,
        document_id,
        company_id,
        step_id,
        occurred_at,
        user_id,
        case
            when origin = 'source' then from_status
            else coalesce(lag(to_status) over (partition by document_id order by occurred_at), from_status)
        end as from_status,
        to_status,
        origin
    from ranked_steps
    where position = 1
)

select
    source_id,
    document_id,
    company_id,
    step_id,
    occurred_at,
    user_id,
    from_status,
    to_status,
    origin
from chained_steps
where from_status is null or from_status <> to_status

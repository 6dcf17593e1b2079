-- One row per thing that happened to a document: created, changed status, sent, rescheduled, repriced.
-- Read from Odoo's log; derived from dates and transfers where the log is silent.
with

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

field_changes as (
    select * from {{ ref('stg_odoo__field_changes') }}
),

sent_messages as (
    select * from {{ ref('stg_odoo__sent_messages') }}
),

employees as (
    select distinct employee_id from {{ ref('stg_odoo__employees') }}
),

status_map as (
    select * from {{ ref('document_status_map') }} where system = 'odoo'
),

-- Documents that each record of Odoo stands for, and when each came to exist.
documents as (
    select
        source_id,
        'sale.order' as model,
        id as res_id,
        {{ key('source_id', 'sale.quotation', 'id') }} as document_id,
        'quote' as document_type,
        company_id,
        create_date as began_at,
        create_uid as began_by,
        was_quotation,
        confirmed_at
    from orders
    where was_quotation

    union all

    select
        source_id,
        'sale.order' as model,
        id as res_id,
        {{ key('source_id', 'sale.order', 'id') }} as document_id,
        'order' as document_type,
        company_id,
        case when was_quotation then coalesce(confirmed_at, create_date) else create_date end as began_at,
        case when was_quotation then confirmed_by else create_uid end as began_by,
        was_quotation,
        confirmed_at
    from orders
    where is_order

    union all

    select
        source_id,
        'stock.picking' as model,
        id as res_id,
        {{ key('source_id', 'stock.preparation', 'id') }} as document_id,
        'preparation' as document_type,
        company_id,
        create_date as began_at,
        create_uid as began_by,
        false as was_quotation,
        cast(null as timestamp) as confirmed_at
    from transfers
    where not is_return

    union all

    select
        source_id,
        'stock.picking' as model,
        id as res_id,
        {{ key('source_id', 'stock.picking', 'id') }} as document_id,
        'delivery_note' as document_type,
        company_id,
        date_done as began_at,
        user_id as began_by,
        false as was_quotation,
        cast(null as timestamp) as confirmed_at
    from transfers
    where not is_return and state = 'done'

    union all

    select
        source_id,
        'stock.picking' as model,
        id as res_id,
        {{ key('source_id', 'stock.picking', 'id') }} as document_id,
        'return' as document_type,
        company_id,
        create_date as began_at,
        create_uid as began_by,
        false as was_quotation,
        cast(null as timestamp) as confirmed_at
    from transfers
    where is_return

    union all

    select
        source_id,
        'account.move' as model,
        id as res_id,
        {{ key('source_id', 'account.move', 'id') }} as document_id,
        document_type,
        company_id,
        create_date as began_at,
        create_uid as began_by,
        false as was_quotation,
        cast(null as timestamp) as confirmed_at
    from invoices
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
        case when field_name = 'state' then from_value else 'posted:' || coalesce(from_value, 'not_paid') end as from_value,
        case when field_name = 'state' then to_value else 'posted:' || to_value end as to_value,
        origin
    from changes
    where field_name in ('state', 'payment_state') or (field_name = 'l10n_it_edi_state' and to_value = 'rejected')

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

mapped_steps as (
    select
        documents.source_id,
        documents.document_id,
        documents.company_id,
        status_steps.step_id,
        status_steps.occurred_at,
        status_steps.user_id,
        case when status_steps.from_value is null then null else coalesce(map_from.status, 'unknown') end as from_status,
        coalesce(map_to.status, 'unknown') as to_status,
        status_steps.origin
    from status_steps
    inner join documents
        on
            status_steps.source_id = documents.source_id
            and status_steps.model = documents.model
            and status_steps.res_id = documents.res_id
    left join status_map as map_from
        on
            documents.model = map_from.source_type
            and documents.document_type = map_from.document_type
            and map_from.source_status
            = case when documents.document_type = 'quote' and status_steps.from_value in ('sale', 'done') then 'won' else status_steps.from_value end
    left join status_map as map_to
        on
            documents.model = map_to.source_type
            and documents.document_type = map_to.document_type
            and map_to.source_status
            = case when documents.document_type = 'quote' and status_steps.to_value in ('sale', 'done') then 'won' else status_steps.to_value end
    where
        -- A delivery note exists once it is done, an order that was an offer once it is confirmed.
        documents.document_type <> 'delivery_note'
        and not (documents.document_type = 'order' and status_steps.occurred_at < documents.began_at)
        and not (documents.document_type = 'order' and status_steps.to_value in ('draft', 'sent'))
        -- What happens after an offer was won happens to the order.
        and not (documents.document_type = 'quote' and status_steps.from_value in ('sale', 'done'))
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
        row_number() over (partition by source_id, sale_id order by date_done desc, id desc) as position_from_last
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
    where orders.is_order and preparations.occurred_at > orders.confirmed_at

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
                coalesce(last_invoiced_at, last_transfer_at),
                coalesce(last_transfer_at, last_invoiced_at)
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
        and coalesce(last_invoiced_at, last_transfer_at) is not null
),

steps as (
    select
        source_id, document_id, company_id, step_id, occurred_at, user_id,
        'status_changed' as event_type, from_status, to_status, origin
    from mapped_steps
    where from_status is null or from_status <> to_status

    union all

    select
        source_id, document_id, company_id, step_id, occurred_at, user_id,
        'status_changed' as event_type, from_status, to_status, 'derived' as origin
    from order_steps
    union all

    select
        invoices.source_id,
        {{ key('invoices.source_id', 'account.move', 'invoices.id') }} as document_id,
        invoices.company_id,
        'rejected' as step_id,
        invoices.rejected_at as occurred_at,
        cast(null as bigint) as user_id,
        'status_changed' as event_type,
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
        'status_changed' as event_type,
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
        'status_changed' as event_type,
        'waiting' as from_status,
        'expired' as to_status,
        'derived' as origin
    from orders
    where orders.expired_at is not null
),

statuses as (
    select * from {{ ref('document_statuses') }}
),

-- What happened in one instant is one change, to the status that lies furthest in a document's life.
ranked_steps as (
    select
        steps.source_id,
        steps.document_id,
        steps.company_id,
        steps.step_id,
        steps.occurred_at,
        max(steps.user_id) over (partition by steps.document_id, steps.occurred_at) as user_id,
        steps.event_type,
        first_value(steps.from_status) over (
            partition by steps.document_id, steps.occurred_at order by statuses.sort_order, steps.step_id
        ) as from_status,
        steps.to_status,
        steps.origin,
        row_number() over (
            partition by steps.document_id, steps.occurred_at order by statuses.sort_order desc, steps.step_id desc
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
        event_type,
        case
            when origin = 'source' then from_status
            else coalesce(lag(to_status) over (partition by document_id order by occurred_at), from_status)
        end as from_status,
        to_status,
        origin
    from ranked_steps
    where position = 1
),

moved as (
    select *
    from chained_steps
    where from_status is null or from_status <> to_status
),

-- A creation says the status only where no change of the same instant says it better.
created as (
    select
        documents.source_id,
        documents.document_id,
        documents.company_id,
        'created' as step_id,
        documents.began_at as occurred_at,
        documents.began_by as user_id,
        'created' as event_type,
        cast(null as {{ dbt.type_string() }}) as from_status,
        case
            when instant_changes.document_id is not null then null
            when documents.document_type = 'order' then 'to_validate'
            when documents.document_type in ('preparation', 'return') then 'waiting'
            when documents.document_type = 'delivery_note' then 'shipped'
            else 'draft'
        end as to_status,
        'source' as origin
    from documents
    left join (select distinct document_id, occurred_at from moved) as instant_changes
        on
            documents.document_id = instant_changes.document_id
            and documents.began_at = instant_changes.occurred_at
),

-- The first message after a confirmation acknowledges the order; later ones keep the customer informed.
told as (
    select
        documents.source_id,
        documents.document_id,
        documents.company_id,
        documents.document_type,
        sent_messages.message_id,
        sent_messages.sent_at as occurred_at,
        sent_messages.user_id,
        row_number() over (
            partition by documents.document_id order by sent_messages.sent_at, sent_messages.message_id
        ) as position
    from sent_messages
    inner join documents
        on
            sent_messages.source_id = documents.source_id
            and sent_messages.model = documents.model
            and sent_messages.res_id = documents.res_id
    where
        documents.document_type in ('return', 'delivery_note', 'invoice', 'deposit_invoice', 'credit_note')
        or (
            documents.document_type = 'order'
            and (not documents.was_quotation or sent_messages.sent_at >= documents.confirmed_at)
        )
        or (
            documents.document_type = 'quote'
            and (documents.confirmed_at is null or sent_messages.sent_at < documents.confirmed_at)
        )
),

changed as (
    select
        documents.source_id,
        documents.document_id,
        documents.company_id,
        field_changes.change_id,
        field_changes.occurred_at,
        field_changes.user_id,
        case
            when field_changes.field_name = 'credit_hold' and coalesce(field_changes.to_value, '0') in ('1', 'True', 'true') then 'credit_blocked'
            when field_changes.field_name = 'credit_hold' then 'credit_released'
            when field_changes.field_name in ('commitment_date', 'date_deadline', 'scheduled_date', 'invoice_date_due') then 'date_changed'
            when field_changes.field_name in ('amount_total', 'amount_untaxed', 'price_unit', 'discount') then 'price_changed'
            when field_changes.field_name in ('product_uom_qty', 'quantity') then 'quantity_changed'
            else 'field_changed'
        end as event_type,
        case field_changes.field_name
            when 'commitment_date' then 'last_confirmed_date'
            when 'date_deadline' then 'last_confirmed_date'
            when 'amount_total' then 'amount_incl_tax'
            when 'amount_untaxed' then 'amount_excl_tax'
            when 'user_id' then 'salesperson_id'
            when 'partner_id' then 'sold_to_customer_id'
            when 'partner_shipping_id' then 'ship_to_customer_id'
            when 'payment_term_id' then 'payment_term_id'
            else field_changes.field_name
        end as field_name,
        field_changes.from_value,
        field_changes.to_value,
        -- An order that was held goes back to where it stood.
        case
            when field_changes.field_name <> 'credit_hold' then null
            when coalesce(field_changes.to_value, '0') in ('1', 'True', 'true') then null
            else 'blocked'
        end as from_status,
        case
            when field_changes.field_name <> 'credit_hold' then null
            when coalesce(field_changes.to_value, '0') in ('1', 'True', 'true') then 'blocked'
            when documents.confirmed_at <= field_changes.occurred_at then 'waiting'
            else 'to_validate'
        end as to_status
    from field_changes
    inner join documents
        on
            field_changes.source_id = documents.source_id
            and field_changes.model = documents.model
            and field_changes.res_id = documents.res_id
    where
        documents.document_type not in ('delivery_note', 'quote', 'order')
        or (documents.document_type = 'order' and field_changes.occurred_at >= documents.began_at)
        or (
            documents.document_type = 'quote'
            and (documents.confirmed_at is null or field_changes.occurred_at < documents.confirmed_at)
        )
),

events as (
    select
        source_id, document_id, company_id, document_id || '/' || step_id as document_event_id, event_type,
        occurred_at, user_id, from_status, to_status,
        cast(null as {{ dbt.type_string() }}) as field_name,
        cast(null as {{ dbt.type_string() }}) as from_value,
        cast(null as {{ dbt.type_string() }}) as to_value,
        origin
    from created

    union all

    select
        source_id, document_id, company_id, document_id || '/' || step_id as document_event_id, event_type,
        occurred_at, user_id, from_status, to_status, null, null, null, origin
    from moved

    union all

    select
        source_id, document_id, company_id,
        document_id || '/message/' || cast(message_id as {{ dbt.type_string() }}) as document_event_id,
        case
            when document_type = 'order' and position = 1 then 'acknowledged'
            when document_type <> 'order' and position = 1 then 'sent'
            else 'customer_informed'
        end as event_type,
        occurred_at, user_id, null, null, null, null, null, 'source' as origin
    from told

    union all

    select
        source_id, document_id, company_id,
        document_id || '/change/' || cast(change_id as {{ dbt.type_string() }}) as document_event_id,
        event_type, occurred_at, user_id, from_status, to_status, field_name, from_value, to_value, 'source' as origin
    from changed
),

final as (
    select
        events.source_id,
        'odoo' as source_system,
        events.document_event_id,
        events.document_id,
        {{ key('events.source_id', 'res.company', 'events.company_id') }} as company_id,
        events.event_type,
        events.occurred_at,
        employees.employee_id,
        events.from_status,
        events.to_status,
        events.field_name,
        events.from_value,
        events.to_value,
        events.origin
    from events
    left join employees
        on employees.employee_id = {{ key('events.source_id', 'res.users', 'events.user_id') }}
    where events.occurred_at is not null
)

{{ conform('document_events', lacks=['document_line_id']) }}

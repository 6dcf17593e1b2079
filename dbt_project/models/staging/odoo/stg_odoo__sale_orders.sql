-- One row per quotation or order of Odoo, with what its log, lines and transfers say of it:
-- Odoo keeps a quotation and the order it becomes in one record, the contract in two.
{{ config(materialized='table') }}

with

orders as (
    select * from {{ raw('odoo', 'sale_order') }}
),

order_lines as (
    select *
    from {{ raw('odoo', 'sale_order_line') }}
    where display_type is null and not coalesce(is_downpayment, false)
),

products as (
    select * from {{ raw('odoo', 'product_product') }}
),

templates as (
    select * from {{ raw('odoo', 'product_template') }}
),

transfers as (
    select * from {{ raw('odoo', 'stock_picking') }}
    where sale_id is not null
),

transfer_types as (
    select * from {{ raw('odoo', 'stock_picking_type') }}
    where code = 'outgoing'
),

users as (
    select * from {{ raw('odoo', 'res_users') }}
),

utm_sources as (
    select * from {{ raw('odoo', 'utm_source') }}
),

channel_map as (
    select * from {{ ref('channel_map') }}
    where system = 'odoo'
),

messages as (
    select
        source_id,
        res_id as order_id,
        min(coalesce(exchanged_on, create_date)) as received_at
    from {{ raw('odoo', 'edi_exchange_record') }}
    where model = 'sale.order' and coalesce(direction, 'input') = 'input' and res_id is not null
    group by source_id, res_id
),

employees as (
    select distinct
        employee_id,
        is_technical_user
    from {{ ref('stg_odoo__employees') }}
),

log as (
    select
        source_id,
        res_id as order_id,
        min(case when to_value = 'sent' then occurred_at end) as sent_at,
        min(case when to_value in ('sale', 'done') then occurred_at end) as confirmed_at,
        max(case when to_value = 'cancel' then occurred_at end) as cancelled_at,
        min(case when to_value in ('sale', 'done') then user_id end) as confirmed_by
    from {{ ref('stg_odoo__status_changes') }}
    where model = 'sale.order' and field_name = 'state'
    group by source_id, res_id
),

shipped_lines as (
    select * from {{ ref('stg_odoo__shipped_lines') }}
),

companies as (
    select
        company_id,
        time_zone
    from {{ ref('stg_odoo__companies') }}
),

-- The first promise is what the first logged change replaced, or set; else the first that was seen.
date_changes as (
    select
        source_id,
        res_id as order_id,
        coalesce(from_instant, to_instant) as promised_at,
        row_number() over (partition by source_id, res_id order by occurred_at, change_id) as position
    from {{ ref('stg_odoo__field_changes') }}
    where model = 'sale.order' and field_name = 'commitment_date'
),

first_versions as (
    select
        source_id,
        id as order_id,
        commitment_date,
        row_number() over (partition by source_id, id order by _from_load) as position
    from {{ raw_versions('odoo', 'sale_order') }}
    where commitment_date is not null
),

-- An order that awaits its deposit is blocked.
deposits as (
    select
        source_id,
        order_id,
        min(posted_at) as deposit_asked_at,
        max(case when is_settled then settled_at end) as deposit_paid_at,
        max(case when is_settled then 0 else 1 end) = 1 as awaits_deposit
    from {{ ref('stg_odoo__invoices') }}
    where document_type = 'deposit_invoice' and is_issued and order_id is not null
    group by source_id, order_id
),

-- The credit check of the order, where the database has one, is a tracked flag.
credit_holds as (
    select
        source_id,
        res_id as order_id,
        min(case when coalesce(to_value, '0') in ('1', 'True', 'true') then occurred_at end) as first_held_at,
        max(case when coalesce(to_value, '0') in ('1', 'True', 'true') then occurred_at end) as held_at,
        max(case when coalesce(to_value, '0') not in ('1', 'True', 'true') then occurred_at end)
            as released_at
    from {{ ref('stg_odoo__field_changes') }}
    where model = 'sale.order' and field_name = 'credit_hold'
    group by source_id, res_id
),

-- What came back was delivered, and what came back unbilled needs no invoice.
measured_lines as (
    select
        order_lines.*,
        greatest(coalesce(order_lines.qty_delivered, 0), coalesce(shipped_lines.shipped_quantity, 0))
            as delivered_quantity,
        greatest(coalesce(shipped_lines.shipped_quantity, 0) - coalesce(order_lines.qty_delivered, 0), 0)
            as returned_quantity,
        coalesce(templates.type, 'service') <> 'service' as is_goods
    from order_lines
    left join shipped_lines
        on order_lines.source_id = shipped_lines.source_id and order_lines.id = shipped_lines.order_line_id
    left join products
        on order_lines.source_id = products.source_id and order_lines.product_id = products.id
    left join templates
        on products.source_id = templates.source_id and products.product_tmpl_id = templates.id
),

-- Services are never shipped: only goods tell how far delivery has come.
line_progress as (
    select
        source_id,
        order_id,
        count(*) as order_lines,
        sum(case when is_goods then 1 else 0 end) as goods_lines,
        sum(case when is_goods and delivered_quantity < product_uom_qty then 1 else 0 end)
            as undelivered_lines,
        sum(case when is_goods and delivered_quantity > 0 then 1 else 0 end) as started_lines,
        sum(case when coalesce(qty_invoiced, 0) + returned_quantity < product_uom_qty then 1 else 0 end)
            as uninvoiced_lines
    from measured_lines
    group by source_id, order_id
),

transfer_progress as (
    select
        transfers.source_id,
        transfers.sale_id as order_id,
        count(*) as transfers,
        sum(case when transfers.state not in ('done', 'cancel') then 1 else 0 end) as open_transfers,
        sum(case when transfers.state = 'assigned' then 1 else 0 end) as started_transfers,
        max(coalesce(transfers.date_done, transfers.write_date)) as last_transfer_at
    from transfers
    inner join transfer_types
        on transfers.source_id = transfer_types.source_id and transfers.picking_type_id = transfer_types.id
    group by transfers.source_id, transfers.sale_id
),

billed_orders as (
    select * from {{ ref('stg_odoo__billed_orders') }}
),

described as (
    select
        orders.source_id,
        orders.id,
        orders.name,
        orders.state,
        orders.create_uid,
        orders.create_date,
        orders.write_date,
        orders.company_id,
        companies.time_zone,
        {{ utc_instant('cast(' ~ add_days(as_of_date(), 1) ~ ' as timestamp)', "coalesce(companies.time_zone, 'UTC')") }}
            as as_of_ends_at,
        {{ local_date(
            'coalesce(date_changes.promised_at, first_versions.commitment_date, orders.commitment_date)',
            'companies.time_zone'
        ) }}
            as first_confirmed_date,
        {{ local_date('orders.commitment_date', 'companies.time_zone') }} as last_confirmed_date,
        orders.validity_date as valid_until,
        log.sent_at,
        case
            when log.confirmed_at is not null then log.confirmed_at
            when orders.state in ('sale', 'done') then orders.date_order
        end as confirmed_at,
        case when orders.state = 'cancel' then coalesce(log.cancelled_at, orders.write_date) end
            as cancelled_at,
        log.confirmed_by,
        messages.received_at as message_received_at,
        deposits.deposit_asked_at,
        deposits.deposit_paid_at,
        coalesce(deposits.awaits_deposit, false) as awaits_deposit,
        credit_holds.first_held_at,
        credit_holds.held_at,
        credit_holds.released_at,
        coalesce(
            credit_holds.held_at > coalesce(credit_holds.released_at, timestamp '1990-01-01 00:00:00'), false
        ) as is_held,
        employees.employee_id as creator_id,
        employees.is_technical_user as created_by_robot,
        case
            when utm_sources.id is not null then coalesce(named_channels.channel, 'unknown')
            when messages.order_id is not null then 'edi'
            when employees.is_technical_user then coalesce(robot_channels.channel, 'unknown')
            when employees.employee_id is not null then 'manual'
            else 'unknown'
        end as channel,
        coalesce(line_progress.order_lines, 0) as order_lines,
        coalesce(line_progress.goods_lines, 0) as goods_lines,
        coalesce(line_progress.undelivered_lines, 0) as undelivered_lines,
        coalesce(line_progress.started_lines, 0) as started_lines,
        coalesce(line_progress.uninvoiced_lines, 0) as uninvoiced_lines,
        coalesce(transfer_progress.transfers, 0) as transfers,
        coalesce(transfer_progress.open_transfers, 0) as open_transfers,
        coalesce(transfer_progress.started_transfers, 0) as started_transfers,
        transfer_progress.last_transfer_at,
        coalesce(billed_orders.billed_at, billed_orders.last_invoiced_at) as billed_at
    from orders
    left join log
        on orders.source_id = log.source_id and orders.id = log.order_id
    left join companies
        on companies.company_id = {{ key('orders.source_id', 'res.company', 'orders.company_id') }}
    left join date_changes
        on
            orders.source_id = date_changes.source_id
            and orders.id = date_changes.order_id
            and date_changes.position = 1
    left join first_versions
        on
            orders.source_id = first_versions.source_id
            and orders.id = first_versions.order_id
            and first_versions.position = 1
    left join deposits
        on orders.source_id = deposits.source_id and orders.id = deposits.order_id
    left join credit_holds
        on orders.source_id = credit_holds.source_id and orders.id = credit_holds.order_id
    left join messages
        on orders.source_id = messages.source_id and orders.id = messages.order_id
    left join users
        on orders.source_id = users.source_id and orders.create_uid = users.id
    left join employees
        on employees.employee_id = {{ key('orders.source_id', 'res.users', 'orders.create_uid') }}
    left join utm_sources
        on orders.source_id = utm_sources.source_id and orders.utm_source_id = utm_sources.id
    left join channel_map as named_channels
        on lower(utm_sources.name) = named_channels.source_channel
    left join channel_map as robot_channels
        -- edi.robot@example.org is named after its channel.
        on
            {{ dbt.split_part(dbt.split_part('lower(users.login)', "'@'", 1), "'.'", 1) }}
            = robot_channels.source_channel
    left join line_progress
        on orders.source_id = line_progress.source_id and orders.id = line_progress.order_id
    left join transfer_progress
        on orders.source_id = transfer_progress.source_id and orders.id = transfer_progress.order_id
    left join billed_orders
        on orders.source_id = billed_orders.source_id and orders.id = billed_orders.order_id
),

-- Which documents a record stands for follows from what had happened by the as-of date.
dated as (
    select
        *,
        coalesce(sent_at < as_of_ends_at, state = 'sent') as is_sent,
        coalesce(confirmed_at < as_of_ends_at, false) as is_confirmed,
        coalesce(first_held_at < as_of_ends_at, false) as is_checked,
        state = 'cancel' and coalesce(cancelled_at < as_of_ends_at, true) as is_cancelled
    from described
),

told as (
    select
        *,
        -- What a machine or portal took down is an order from its first day, and so is what was
        -- held for credit, or entered and confirmed; everything else was an offer first.
        is_sent or not (is_confirmed or is_checked or channel in ('edi', 'web', 'portal')) as was_quotation,
        is_confirmed or is_checked or channel in ('edi', 'web', 'portal') as is_order,
        case
            when
                goods_lines > 0 and undelivered_lines > 0 and open_transfers = 0 and transfers > 0
                then 'closed_short'
            when order_lines > 0 and undelivered_lines = 0 and uninvoiced_lines = 0 then 'invoiced'
            when goods_lines > 0 and undelivered_lines = 0 then 'full'
            when started_lines > 0 then 'partial'
            when started_transfers > 0 then 'started'
            else 'pending'
        end as progress
    from dated
)

select
    *,
    case
        when
            state <> 'cancel' and (is_held or (awaits_deposit and progress = 'pending'))
            then 'blocked'
        when state in ('sale', 'done') then 'sale:' || progress
        else state
    end as order_status,
    -- An offer that nobody has answered yet ends with the day until which it binds.
    case
        when was_quotation and not is_confirmed and not is_cancelled and valid_until < {{ as_of_date() }}
            then {{ utc_instant('cast(' ~ add_days('valid_until', 1) ~ ' as timestamp)', "coalesce(time_zone, 'UTC')") }}
    end as expired_at
from told

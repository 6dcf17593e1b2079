-- One row per quotation and one per order: an offer that was accepted gives both.
with

orders as (
    select * from {{ raw('odoo', 'sale_order') }}
),

told as (
    select * from {{ ref('stg_odoo__sale_orders') }}
),

closing_notes as (
    select * from {{ ref('stg_odoo__closing_notes') }}
),

confirmers as (
    select distinct employee_id from {{ ref('stg_odoo__employees') }}
    where not is_technical_user
),

date_changes as (
    select
        source_id,
        res_id as order_id,
        from_instant,
        occurred_at,
        row_number() over (partition by source_id, res_id order by occurred_at, change_id) as position
    from {{ ref('stg_odoo__field_changes') }}
    where model = 'sale.order' and field_name = 'commitment_date'
),

messages as (
    select
        sent_messages.source_id,
        sent_messages.res_id as order_id,
        min(
            case
                when
                    told.confirmed_at is null or sent_messages.sent_at < told.confirmed_at
                    then sent_messages.sent_at
            end
        ) as offered_at,
        min(
            case
                when
                    not told.was_quotation or sent_messages.sent_at >= told.confirmed_at
                    then sent_messages.sent_at
            end
        ) as acknowledged_at,
        max(
            case
                when
                    not told.was_quotation or sent_messages.sent_at >= told.confirmed_at
                    then sent_messages.sent_at
            end
        ) as last_message_at
    from {{ ref('stg_odoo__sent_messages') }} as sent_messages
    inner join told
        on sent_messages.source_id = told.source_id and sent_messages.res_id = told.id
    where sent_messages.model = 'sale.order'
    group by sent_messages.source_id, sent_messages.res_id
),

-- The promise that the last message gave: what the first change after it replaced.
superseded_promises as (
    select
        date_changes.source_id,
        date_changes.order_id,
        date_changes.from_instant,
        row_number() over (
            partition by date_changes.source_id, date_changes.order_id order by date_changes.position
        ) as position
    from date_changes
    inner join messages
        on date_changes.source_id = messages.source_id and date_changes.order_id = messages.order_id
    where date_changes.occurred_at > messages.last_message_at
),

companies as (
    select * from {{ ref('stg_odoo__companies') }}
),

partners as (
    select * from {{ raw('odoo', 'res_partner') }}
),

currencies as (
    select * from {{ raw('odoo', 'res_currency') }}
),

teams as (
    select * from {{ raw('odoo', 'crm_team') }}
),

warehouses as (
    select * from {{ raw('odoo', 'stock_warehouse') }}
),

carriers as (
    select * from {{ raw('odoo', 'delivery_carrier') }}
),

incoterms as (
    select * from {{ raw('odoo', 'account_incoterms') }}
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'odoo' and source_type = 'sale.order'
),

described as (
    select
        orders.source_id,
        orders.id,
        orders.name as document_number,
        orders.client_order_ref as customer_reference,
        orders.state,
        told.order_status,
        told.was_quotation,
        told.is_order,
        told.channel,
        told.sent_at,
        told.confirmed_at,
        told.cancelled_at,
        told.message_received_at,
        told.last_transfer_at,
        told.billed_at,
        told.progress,
        orders.create_date,
        -- Whoever entered it; for what a machine took down, whoever confirmed it.
        case when not told.created_by_robot then told.creator_id else confirmers.employee_id end as agent_id,
        companies.company_id,
        told.time_zone,
        {{ key(
            'orders.source_id', 'res.partner',
            'coalesce(buyers.commercial_partner_id, orders.partner_id)'
        ) }} as sold_to_customer_id,
        {{ key(
            'orders.source_id', 'res.partner',
            'coalesce(orders.partner_shipping_id, orders.partner_id)'
        ) }} as ship_to_customer_id,
        {{ key(
            'orders.source_id', 'res.partner',
            'coalesce(payers.commercial_partner_id, buyers.commercial_partner_id, orders.partner_id)'
        ) }} as payer_customer_id,
        {{ key('orders.source_id', 'res.users', 'orders.user_id') }} as salesperson_id,
        {{ translated('teams.name') }} as team,
        incoterms.code as incoterm,
        {{ translated('carriers.name') }} as carrier,
        warehouses.name as site,
        {{ key('orders.source_id', 'account.payment.term', 'orders.payment_term_id') }} as payment_term_id,
        currencies.name as currency_code,
        orders.amount_untaxed as amount_excl_tax,
        orders.amount_tax,
        orders.amount_total as amount_incl_tax,
        {{ money('orders.amount_untaxed / coalesce(nullif(orders.currency_rate, 0), 1)') }}
            as company_amount_excl_tax,
        {{ money('orders.amount_total / coalesce(nullif(orders.currency_rate, 0), 1)') }}
            as company_amount_incl_tax,
        told.first_confirmed_date,
        told.last_confirmed_date,
        case
            when messages.last_message_at is not null
                then
                    {{ local_date(
                        'case when superseded_promises.position = 1'
                    ~ ' then superseded_promises.from_instant else orders.commitment_date end',
                        'told.time_zone'
                    ) }}
        end as last_told_date,
        told.valid_until,
        told.expired_at,
        messages.offered_at,
        messages.acknowledged_at,
        closing_notes.reason,
        case when orders.state = 'cancel' then closing_notes.cancelled_by end as cancelled_by
    from orders
    inner join told
        on orders.source_id = told.source_id and orders.id = told.id
    left join confirmers
        on confirmers.employee_id = {{ key('orders.source_id', 'res.users', 'told.confirmed_by') }}
    left join closing_notes
        on orders.source_id = closing_notes.source_id and orders.id = closing_notes.order_id
    left join messages
        on orders.source_id = messages.source_id and orders.id = messages.order_id
    left join superseded_promises
        on
            orders.source_id = superseded_promises.source_id
            and orders.id = superseded_promises.order_id
            and superseded_promises.position = 1
    left join companies
        on companies.company_id = {{ key('orders.source_id', 'res.company', 'orders.company_id') }}
    left join partners as buyers
        on orders.source_id = buyers.source_id and orders.partner_id = buyers.id
    left join partners as payers
        on orders.source_id = payers.source_id and orders.partner_invoice_id = payers.id
    left join currencies
        on orders.source_id = currencies.source_id and orders.currency_id = currencies.id
    left join teams
        on orders.source_id = teams.source_id and orders.team_id = teams.id
    left join warehouses
        on orders.source_id = warehouses.source_id and orders.warehouse_id = warehouses.id
    left join carriers
        on orders.source_id = carriers.source_id and orders.carrier_id = carriers.id
    left join incoterms
        on orders.source_id = incoterms.source_id and orders.incoterm = incoterms.id
),

quotes as (
    select
        *,
        {{ key('source_id', 'sale.quotation', 'id') }} as document_id,
        'quote' as document_type,
        case
            when expired_at is not null then 'expired'
            when confirmed_at is not null then 'won'
            else state
        end as map_status
    from described
    where was_quotation
),

confirmed_orders as (
    select
        *,
        {{ key('source_id', 'sale.order', 'id') }} as document_id,
        'order' as document_type,
        order_status as map_status
    from described
    where is_order
),

final as (
    select
        quotes.source_id,
        'odoo' as source_system,
        quotes.document_id,
        quotes.company_id,
        quotes.document_type,
        quotes.document_number,
        quotes.customer_reference,
        coalesce(status_map.status, 'unknown') as status,
        quotes.state as source_status,
        quotes.channel,
        quotes.sold_to_customer_id,
        quotes.ship_to_customer_id,
        quotes.payer_customer_id,
        quotes.agent_id,
        quotes.salesperson_id,
        quotes.team,
        cast(null as {{ dbt.type_string() }}) as generated_from_document_id,
        quotes.reason,
        false as is_backorder,
        quotes.incoterm,
        quotes.carrier,
        quotes.site,
        quotes.payment_term_id,
        quotes.currency_code,
        quotes.amount_excl_tax,
        quotes.amount_tax,
        quotes.amount_incl_tax,
        quotes.company_amount_excl_tax,
        quotes.company_amount_incl_tax,
        {{ local_date('quotes.create_date', 'quotes.time_zone') }} as document_date,
        -- Only a message, or a machine that took the request down, tells when it was received:
        -- `date_order` is overwritten at confirmation and entry is not reception.
        case
            when quotes.message_received_at is not null then quotes.message_received_at
            when quotes.channel in ('edi', 'web', 'portal') then quotes.create_date
        end as received_at,
        quotes.create_date as entered_at,
        cast(null as timestamp) as acknowledged_at,
        cast(null as timestamp) as validated_at,
        coalesce(quotes.sent_at, quotes.offered_at) as sent_at,
        case
            when quotes.expired_at is not null then quotes.expired_at
            when quotes.confirmed_at is not null then quotes.confirmed_at
            when quotes.state = 'cancel' then quotes.cancelled_at
        end as closed_at,
        case when quotes.confirmed_at is null then quotes.cancelled_at end as cancelled_at,
        case when quotes.confirmed_at is null then quotes.cancelled_by end as cancelled_by,
        quotes.first_confirmed_date,
        quotes.last_confirmed_date,
        cast(null as date) as last_told_date,
        quotes.valid_until
    from quotes
    left join status_map
        on quotes.map_status = status_map.source_status and quotes.document_type = status_map.document_type

    union all

    select
        confirmed_orders.source_id,
        'odoo' as source_system,
        confirmed_orders.document_id,
        confirmed_orders.company_id,
        confirmed_orders.document_type,
        confirmed_orders.document_number,
        confirmed_orders.customer_reference,
        coalesce(status_map.status, 'unknown') as status,
        confirmed_orders.state as source_status,
        confirmed_orders.channel,
        confirmed_orders.sold_to_customer_id,
        confirmed_orders.ship_to_customer_id,
        confirmed_orders.payer_customer_id,
        confirmed_orders.agent_id,
        confirmed_orders.salesperson_id,
        confirmed_orders.team,
        case
            when
                confirmed_orders.was_quotation
                then {{ key('confirmed_orders.source_id', 'sale.quotation', 'confirmed_orders.id') }}
        end as generated_from_document_id,
        confirmed_orders.reason,
        false as is_backorder,
        confirmed_orders.incoterm,
        confirmed_orders.carrier,
        confirmed_orders.site,
        confirmed_orders.payment_term_id,
        confirmed_orders.currency_code,
        confirmed_orders.amount_excl_tax,
        confirmed_orders.amount_tax,
        confirmed_orders.amount_incl_tax,
        confirmed_orders.company_amount_excl_tax,
        confirmed_orders.company_amount_incl_tax,
        {{ local_date(
            'coalesce(confirmed_orders.confirmed_at, confirmed_orders.create_date)',
            'confirmed_orders.time_zone'
        ) }}
            as document_date,
        case
            when confirmed_orders.message_received_at is not null then confirmed_orders.message_received_at
            when confirmed_orders.channel in ('edi', 'web', 'portal') then confirmed_orders.create_date
        end as received_at,
        -- An accepted offer becomes an order when it is confirmed.
        case
            when
                confirmed_orders.was_quotation
                then coalesce(confirmed_orders.confirmed_at, confirmed_orders.create_date)
            else confirmed_orders.create_date
        end as entered_at,
        confirmed_orders.acknowledged_at,
        confirmed_orders.confirmed_at as validated_at,
        confirmed_orders.acknowledged_at as sent_at,
        case
            when confirmed_orders.state = 'cancel' then confirmed_orders.cancelled_at
            when confirmed_orders.progress = 'closed_short' then confirmed_orders.last_transfer_at
            when confirmed_orders.progress = 'invoiced'
                then greatest(
                    coalesce(confirmed_orders.billed_at, confirmed_orders.last_transfer_at),
                    coalesce(confirmed_orders.last_transfer_at, confirmed_orders.billed_at)
                )
        end as closed_at,
        confirmed_orders.cancelled_at,
        confirmed_orders.cancelled_by,
        confirmed_orders.first_confirmed_date,
        confirmed_orders.last_confirmed_date,
        confirmed_orders.last_told_date,
        cast(null as date) as valid_until
    from confirmed_orders
    left join status_map
        on
            confirmed_orders.map_status = status_map.source_status
            and confirmed_orders.document_type = status_map.document_type
)

{{ conform('documents', lacks=[
    'corrects_document_id', 'backorder_of_document_id', 'delivery_reason', 'payment_method', 'shipped_at',
    'requested_date',
]) }}

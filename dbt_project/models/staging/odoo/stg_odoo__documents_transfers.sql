-- One row per preparation, per delivery note (a preparation that was shipped) and per return.
with

transfers as (
    select * from {{ ref('stg_odoo__transfers') }}
),

orders as (
    select * from {{ raw('odoo', 'sale_order') }}
),

log as (
    select
        source_id,
        res_id as transfer_id,
        min(case when to_value = 'assigned' then occurred_at end) as ready_at,
        max(case when to_value = 'cancel' then occurred_at end) as cancelled_at
    from {{ ref('stg_odoo__status_changes') }}
    where model = 'stock.picking' and field_name = 'state'
    group by source_id, res_id
),

messages as (
    select
        source_id,
        res_id as transfer_id,
        min(sent_at) as sent_at
    from {{ ref('stg_odoo__sent_messages') }}
    where model = 'stock.picking'
    group by source_id, res_id
),

totals as (
    select
        document_id,
        {{ money('sum(amount_excl_tax)') }} as amount_excl_tax,
        {{ money('sum(amount_tax)') }} as amount_tax,
        {{ money('sum(amount_incl_tax)') }} as amount_incl_tax,
        {{ money('sum(company_amount_excl_tax)') }} as company_amount_excl_tax
    from {{ ref('stg_odoo__document_lines_transfers') }}
    group by document_id
),

companies as (
    select * from {{ ref('stg_odoo__companies') }}
),

employees as (
    select distinct
        employee_id,
        is_technical_user
    from {{ ref('stg_odoo__employees') }}
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
    where system = 'odoo' and source_type = 'stock.picking'
),

described as (
    select
        transfers.source_id,
        transfers.id,
        transfers.is_return,
        transfers.name as document_number,
        transfers.state,
        orders.client_order_ref as customer_reference,
        companies.company_id,
        companies.time_zone,
        case
            when
                transfers.sale_id is not null
                or transfers.return_id is not null
                or transfers.backorder_id is not null
                then 'generated'
            when employees.is_technical_user then 'unknown'
            when employees.employee_id is not null then 'manual'
            else 'unknown'
        end as channel,
        {{ key(
            'transfers.source_id', 'res.partner',
            'coalesce(buyers.commercial_partner_id, receivers.commercial_partner_id, transfers.partner_id)'
        ) }} as sold_to_customer_id,
        {{ key(
            'transfers.source_id', 'res.partner',
            'coalesce(transfers.partner_id, orders.partner_shipping_id)'
        ) }} as ship_to_customer_id,
        {{ key(
            'transfers.source_id', 'res.partner',
            'coalesce(payers.commercial_partner_id, receivers.commercial_partner_id, transfers.partner_id)'
        ) }} as payer_customer_id,
        coalesce(
            {{ key('transfers.source_id', 'res.users', 'transfers.user_id') }},
            case when not employees.is_technical_user then employees.employee_id end
        ) as agent_id,
        {{ key('transfers.source_id', 'res.users', 'orders.user_id') }} as salesperson_id,
        {{ translated('teams.name') }} as team,
        {{ key('transfers.source_id', 'sale.order', 'transfers.sale_id') }} as order_id,
        {{ key('transfers.source_id', 'stock.picking', 'transfers.return_id') }} as returned_document_id,
        transfers.backorder_id,
        case
            when transfers.is_return then 'return'
            when not transfers.is_to_customer then 'consignment'
            when transfers.sale_id is null then 'sample'
            when orders.amount_untaxed = 0 then 'free'
            else 'sale'
        end as delivery_reason,
        incoterms.code as incoterm,
        {{ translated('coalesce(carriers.name, order_carriers.name)') }} as carrier,
        warehouses.name as site,
        {{ key('transfers.source_id', 'account.payment.term', 'orders.payment_term_id') }} as payment_term_id,
        coalesce(currencies.name, companies.currency_code) as currency_code,
        coalesce(nullif(orders.currency_rate, 0), 1) as currency_rate,
        transfers.create_date as entered_at,
        log.ready_at,
        transfers.date_done,
        case when transfers.state = 'cancel' then coalesce(log.cancelled_at, transfers.write_date) end
            as cancelled_at,
        messages.sent_at,
        {{ local_date('coalesce(transfers.date_deadline, orders.commitment_date)', 'companies.time_zone') }}
            as last_confirmed_date
    from transfers
    left join orders
        on transfers.source_id = orders.source_id and transfers.sale_id = orders.id
    left join log
        on transfers.source_id = log.source_id and transfers.id = log.transfer_id
    left join messages
        on transfers.source_id = messages.source_id and transfers.id = messages.transfer_id
    left join companies
        on companies.company_id = {{ key('transfers.source_id', 'res.company', 'transfers.company_id') }}
    left join employees
        on employees.employee_id = {{ key('transfers.source_id', 'res.users', 'transfers.create_uid') }}
    left join partners as receivers
        on transfers.source_id = receivers.source_id and transfers.partner_id = receivers.id
    left join partners as buyers
        on orders.source_id = buyers.source_id and orders.partner_id = buyers.id
    left join partners as payers
        on orders.source_id = payers.source_id and orders.partner_invoice_id = payers.id
    left join currencies
        on orders.source_id = currencies.source_id and orders.currency_id = currencies.id
    left join teams
        on orders.source_id = teams.source_id and orders.team_id = teams.id
    left join warehouses
        on transfers.source_id = warehouses.source_id and transfers.warehouse_id = warehouses.id
    left join carriers
        on transfers.source_id = carriers.source_id and transfers.carrier_id = carriers.id
    left join carriers as order_carriers
        on orders.source_id = order_carriers.source_id and orders.carrier_id = order_carriers.id
    left join incoterms
        on orders.source_id = incoterms.source_id and orders.incoterm = incoterms.id
),

typed as (
    select
        *,
        'preparation' as document_type,
        {{ key('source_id', 'stock.preparation', 'id') }} as document_id,
        order_id as generated_from_document_id,
        cast(null as {{ dbt.type_string() }}) as corrects_document_id,
        {{ key('source_id', 'stock.preparation', 'backorder_id') }} as backorder_of_document_id,
        entered_at as began_at,
        ready_at as validated_at,
        cast(null as timestamp) as shipped_at,
        cast(null as timestamp) as told_at
    from described
    where not is_return

    union all

    select
        *,
        'delivery_note' as document_type,
        {{ key('source_id', 'stock.picking', 'id') }} as document_id,
        coalesce(order_id, {{ key('source_id', 'stock.preparation', 'id') }}) as generated_from_document_id,
        cast(null as {{ dbt.type_string() }}) as corrects_document_id,
        {{ key('source_id', 'stock.picking', 'backorder_id') }} as backorder_of_document_id,
        date_done as began_at,
        date_done as validated_at,
        date_done as shipped_at,
        sent_at as told_at
    from described
    where not is_return and state = 'done'

    union all

    select
        *,
        'return' as document_type,
        {{ key('source_id', 'stock.picking', 'id') }} as document_id,
        coalesce(returned_document_id, order_id) as generated_from_document_id,
        order_id as corrects_document_id,
        {{ key('source_id', 'stock.picking', 'backorder_id') }} as backorder_of_document_id,
        entered_at as began_at,
        date_done as validated_at,
        date_done as shipped_at,
        sent_at as told_at
    from described
    where is_return
),

final as (
    select
        typed.source_id,
        'odoo' as source_system,
        typed.document_id,
        typed.company_id,
        typed.document_type,
        typed.document_number,
        typed.customer_reference,
        coalesce(status_map.status, 'unknown') as status,
        typed.state as source_status,
        typed.channel,
        typed.sold_to_customer_id,
        typed.ship_to_customer_id,
        typed.payer_customer_id,
        typed.agent_id,
        typed.salesperson_id,
        typed.team,
        typed.generated_from_document_id,
        typed.corrects_document_id,
        typed.backorder_of_document_id,
        typed.delivery_reason,
        typed.backorder_id is not null as is_backorder,
        typed.incoterm,
        typed.carrier,
        typed.site,
        typed.payment_term_id,
        typed.currency_code,
        coalesce(totals.amount_excl_tax, 0) as amount_excl_tax,
        coalesce(totals.amount_tax, 0) as amount_tax,
        coalesce(totals.amount_incl_tax, 0) as amount_incl_tax,
        coalesce(totals.company_amount_excl_tax, 0) as company_amount_excl_tax,
        {{ money('coalesce(totals.amount_incl_tax, 0) / typed.currency_rate') }} as company_amount_incl_tax,
        {{ local_date('typed.began_at', 'typed.time_zone') }} as document_date,
        typed.began_at as entered_at,
        typed.validated_at,
        typed.told_at as sent_at,
        typed.shipped_at,
        case when typed.state = 'cancel' then typed.cancelled_at else typed.date_done end as closed_at,
        typed.cancelled_at,
        typed.last_confirmed_date
    from typed
    left join status_map
        on typed.state = status_map.source_status and typed.document_type = status_map.document_type
    left join totals on typed.document_id = totals.document_id
)

{{ conform('documents', lacks=[
    'reason', 'payment_method', 'received_at', 'acknowledged_at', 'cancelled_by', 'requested_date',
    'first_confirmed_date', 'last_told_date', 'valid_until',
]) }}

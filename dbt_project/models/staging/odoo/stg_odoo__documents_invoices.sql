-- One row per invoice, deposit invoice and credit note, posted or not.
with

invoices as (
    select * from {{ ref('stg_odoo__invoices') }}
),

orders as (
    select * from {{ raw('odoo', 'sale_order') }}
),

messages as (
    select
        source_id,
        res_id as move_id,
        min(sent_at) as sent_at
    from {{ ref('stg_odoo__sent_messages') }}
    where model = 'account.move'
    group by source_id, res_id
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

incoterms as (
    select * from {{ raw('odoo', 'account_incoterms') }}
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'odoo' and source_type = 'account.move'
),

final as (
    select
        invoices.source_id,
        'odoo' as source_system,
        {{ key('invoices.source_id', 'account.move', 'invoices.id') }} as document_id,
        companies.company_id,
        invoices.document_type,
        nullif(invoices.name, '/') as document_number,
        coalesce(orders.client_order_ref, invoices.ref) as customer_reference,
        coalesce(status_map.status, 'unknown') as status,
        invoices.invoice_status as source_status,
        case
            when invoices.order_id is not null or invoices.reversed_entry_id is not null then 'generated'
            when employees.is_technical_user then 'unknown'
            when employees.employee_id is not null then 'manual'
            else 'unknown'
        end as channel,
        {{ key(
            'invoices.source_id', 'res.partner',
            'coalesce(buyers.commercial_partner_id, invoices.commercial_partner_id, invoices.partner_id)'
        ) }} as sold_to_customer_id,
        {{ key(
            'invoices.source_id', 'res.partner',
            'coalesce(invoices.partner_shipping_id, invoices.partner_id)'
        ) }} as ship_to_customer_id,
        {{ key(
            'invoices.source_id', 'res.partner',
            'coalesce(invoices.commercial_partner_id, invoices.partner_id)'
        ) }} as payer_customer_id,
        case when not employees.is_technical_user then employees.employee_id end as agent_id,
        {{ key(
            'invoices.source_id', 'res.users',
            'coalesce(invoices.invoice_user_id, orders.user_id)'
        ) }} as salesperson_id,
        {{ translated('teams.name') }} as team,
        {{ key('invoices.source_id', 'sale.order', 'invoices.order_id') }} as generated_from_document_id,
        {{ key('invoices.source_id', 'account.move', 'invoices.reversed_entry_id') }} as corrects_document_id,
        -- What the person who credited wrote, which Odoo keeps as the reference.
        case when invoices.document_type = 'credit_note' then invoices.ref end as reason,
        false as is_backorder,
        incoterms.code as incoterm,
        {{ key(
            'invoices.source_id', 'account.payment.term',
            'invoices.invoice_payment_term_id'
        ) }} as payment_term_id,
        currencies.name as currency_code,
        invoices.amount_untaxed as amount_excl_tax,
        invoices.amount_tax + invoices.withheld_amount as amount_tax,
        invoices.amount_total + invoices.withheld_amount as amount_incl_tax,
        invoices.direction * invoices.amount_untaxed_signed as company_amount_excl_tax,
        invoices.direction * invoices.amount_total_signed
        + invoices.company_withheld_amount as company_amount_incl_tax,
        coalesce(
            invoices.invoice_date,
            case when invoices.state = 'posted' then invoices.date end,
            {{ local_date('invoices.create_date', 'companies.time_zone') }}
        ) as document_date,
        invoices.create_date as entered_at,
        invoices.posted_at as validated_at,
        messages.sent_at,
        case
            when invoices.state = 'cancel' then invoices.cancelled_at
            when invoices.invoice_status = 'posted:rejected' then invoices.rejected_at
            when status_map.is_terminal then invoices.settled_at
        end as closed_at,
        invoices.cancelled_at
    from invoices
    left join orders
        on invoices.source_id = orders.source_id and invoices.order_id = orders.id
    left join messages
        on invoices.source_id = messages.source_id and invoices.id = messages.move_id
    left join companies
        on companies.company_id = {{ key('invoices.source_id', 'res.company', 'invoices.company_id') }}
    left join employees
        on employees.employee_id = {{ key('invoices.source_id', 'res.users', 'invoices.create_uid') }}
    left join partners as buyers
        on orders.source_id = buyers.source_id and orders.partner_id = buyers.id
    left join currencies
        on invoices.source_id = currencies.source_id and invoices.currency_id = currencies.id
    left join teams
        on invoices.source_id = teams.source_id and invoices.team_id = teams.id
    left join incoterms
        on orders.source_id = incoterms.source_id and orders.incoterm = incoterms.id
    left join status_map
        on
            invoices.invoice_status = status_map.source_status
            and invoices.document_type = status_map.document_type
)

{{ conform('documents', lacks=[
    'backorder_of_document_id', 'delivery_reason', 'carrier', 'site', 'payment_method',
    'received_at', 'acknowledged_at', 'shipped_at', 'cancelled_by', 'requested_date', 'first_confirmed_date',
    'last_confirmed_date', 'last_told_date', 'valid_until',
]) }}

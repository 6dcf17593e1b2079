-- One row per sale, whatever it is by now, with what its log, shipments and invoices say of it.
{{ config(materialized='table') }}

with

sales as (
    select
        *,
        {{ tryton_id('origin', 'sale.complaint') }} as complaint_id
    from {{ raw('tryton', 'sale_sale') }}
),

companies as (
    select
        companies.source_id,
        companies.id,
        companies.currency,
        described.company_id,
        described.time_zone
    from {{ raw('tryton', 'company_company') }} as companies
    inner join {{ ref('stg_tryton__companies') }} as described
        on described.company_id = {{ key('companies.source_id', 'company.company', 'companies.id') }}
),

rates as (
    select * from {{ ref('stg_tryton__currency_rates') }}
),

users as (
    select
        users.source_id,
        users.id,
        users.login,
        employees.is_technical_user,
        channel_map.channel
    from {{ ref('stg_tryton__users') }} as users
    inner join {{ ref('stg_tryton__employees') }} as employees on users.employee_id = employees.employee_id
    left join {{ ref('channel_map') }} as channel_map
        on channel_map.system = 'tryton' and users.login = channel_map.source_channel
),

logged as (
    select
        source_id,
        id,
        min(case when state = 'quotation' then changed_at end) as quoted_at,
        min(case when state in ('confirmed', 'processing', 'done') then changed_at end) as confirmed_at,
        min(case when state = 'cancelled' then changed_at end) as cancelled_at,
        min(case when state in ('confirmed', 'processing', 'done') then history_id end) as confirming_id
    from {{ raw('tryton', 'sale_sale_history') }}
    group by source_id, id
),

first_promises as (
    select
        logged.source_id,
        logged.id,
        history.shipping_date
    from logged
    inner join {{ raw('tryton', 'sale_sale_history') }} as history
        on logged.source_id = history.source_id and logged.confirming_id = history.history_id
),

line_totals as (
    select
        source_id,
        sale_id,
        sum(amount) as amount
    from {{ ref('stg_tryton__sale_lines') }}
    group by source_id, sale_id
),

delivered_lines as (
    select
        source_id,
        sale_line_id,
        sum(case when state = 'done' then quantity else 0 end) as quantity,
        min(case when state = 'done' then effective_date end) as first_shipped_on,
        max(case when state = 'done' then effective_date end) as last_shipped_on
    from {{ ref('stg_tryton__shipment_moves') }}
    where sale_line_id is not null
    group by source_id, sale_line_id
),

deliveries as (
    select
        sale_lines.source_id,
        sale_lines.sale_id,
        min(delivered_lines.first_shipped_on) as first_shipped_on,
        max(delivered_lines.last_shipped_on) as last_shipped_on,
        sum(case when coalesce(delivered_lines.quantity, 0) < abs(sale_lines.quantity) then 1 else 0 end) as undelivered_lines
    from {{ ref('stg_tryton__sale_lines') }} as sale_lines
    left join delivered_lines
        on sale_lines.source_id = delivered_lines.source_id and sale_lines.line_id = delivered_lines.sale_line_id
    where sale_lines.line_type = 'product'
    group by sale_lines.source_id, sale_lines.sale_id
),

started_sales as (
    select distinct
        moves.source_id,
        moves.sale_id
    from {{ ref('stg_tryton__shipment_moves') }} as moves
    inner join {{ raw('tryton', 'stock_shipment_out') }} as shipments
        on moves.source_id = shipments.source_id and moves.shipment_id = shipments.id and not moves.is_return
    where shipments.state in ('assigned', 'picked', 'packed')
),

invoiced as (
    select
        invoice_lines.source_id,
        invoice_lines.sale_id,
        max(invoices.invoice_date) as last_invoiced_on,
        max(invoices.settled_on) as last_settled_on
    from {{ ref('stg_tryton__invoice_lines') }} as invoice_lines
    inner join {{ ref('stg_tryton__invoices') }} as invoices
        on invoice_lines.source_id = invoices.source_id and invoice_lines.invoice_id = invoices.id
    where invoice_lines.sale_id is not null and invoices.state in ('posted', 'paid')
    group by invoice_lines.source_id, invoice_lines.sale_id
),

described as (
    select
        sales.*,
        companies.company_id,
        companies.time_zone,
        foreign_rates.currency_code,
        {{ tryton_conversion('own_rates.rate', 'foreign_rates.rate') }} as conversion,
        coalesce(sales.untaxed_amount_cache, line_totals.amount, 0) as amount_excl_tax,
        users.is_technical_user,
        users.channel as user_channel,
        sales.state in ('confirmed', 'processing', 'done')
        or (sales.state = 'cancelled' and (sales.confirmed_by is not null or logged.confirmed_at is not null)) as is_order,
        logged.quoted_at,
        logged.confirmed_at as confirm_recorded_at,
        logged.cancelled_at,
        first_promises.shipping_date as first_shipping_date,
        deliveries.first_shipped_on,
        deliveries.last_shipped_on,
        coalesce(deliveries.undelivered_lines, 0) as undelivered_lines,
        started_sales.sale_id is not null as is_started,
        invoiced.last_invoiced_on,
        invoiced.last_settled_on
    from sales
    inner join companies
        on sales.source_id = companies.source_id and sales.company = companies.id
    left join rates as own_rates
        on
            companies.source_id = own_rates.source_id
            and companies.currency = own_rates.currency_id
            and {{ stated_day('sales.sale_date', 'sales.create_date') }} >= own_rates.valid_from
            and {{ stated_day('sales.sale_date', 'sales.create_date') }} < own_rates.valid_before
    left join rates as foreign_rates
        on
            sales.source_id = foreign_rates.source_id
            and sales.currency = foreign_rates.currency_id
            and {{ stated_day('sales.sale_date', 'sales.create_date') }} >= foreign_rates.valid_from
            and {{ stated_day('sales.sale_date', 'sales.create_date') }} < foreign_rates.valid_before
    left join users
        on sales.source_id = users.source_id and sales.create_uid = users.id
    left join logged
        on sales.source_id = logged.source_id and sales.id = logged.id
    left join first_promises
        on sales.source_id = first_promises.source_id and sales.id = first_promises.id
    left join line_totals
        on sales.source_id = line_totals.source_id and sales.id = line_totals.sale_id
    left join deliveries
        on sales.source_id = deliveries.source_id and sales.id = deliveries.sale_id
    left join started_sales
        on sales.source_id = started_sales.source_id and sales.id = started_sales.sale_id
    left join invoiced
        on sales.source_id = invoiced.source_id and sales.id = invoiced.sale_id
),

dated as (
    select
        *,
        case when is_order then {{ stated_instant('sale_date', 'confirm_recorded_at', 'time_zone') }} end as validated_at,
        {{ entered_instant('sale_date', 'create_date', 'time_zone') }} as entered_at,
        -- Every order passes the state of a quotation; it was an offer when it rested there over night.
        not is_order
        or coalesce(
            coalesce({{ local_date('quoted_at', 'time_zone') }}, quotation_date)
            < coalesce({{ local_date('confirm_recorded_at', 'time_zone') }}, sale_date),
            false
        ) as was_quotation,
        {{ add_days('quotation_date', 'quotation_days') }} as valid_until,
        case
            -- What was sent is all that will be: the rest was given up.
            when state = 'processing' and shipment_state = 'sent' and undelivered_lines > 0 then 'processing:closed_short'
            when
                state = 'processing'
                and shipment_state in ('sent', 'none')
                and invoice_state in ('awaiting payment', 'partially paid', 'paid')
                then 'processing:invoiced'
            when state = 'processing' and shipment_state in ('none', 'waiting') and is_started then 'processing:started'
            when state = 'processing' then 'processing:' || shipment_state
            else state
        end as order_status
    from described
)

select
    *,
    -- The business day on which it came to be what it is.
    case order_status
        when 'processing:partially shipped' then first_shipped_on
        when 'processing:sent' then last_shipped_on
        when 'processing:closed_short' then last_shipped_on
        when 'processing:invoiced' then greatest(coalesce(last_shipped_on, last_invoiced_on), last_invoiced_on)
        when 'done' then greatest(sale_date, last_shipped_on, last_invoiced_on, last_settled_on)
    end as status_on,
    case
        when not is_order and state = 'quotation' and valid_until < {{ as_of_date() }}
            then {{ utc_instant('cast(' ~ add_days('valid_until', 1) ~ ' as timestamp)', 'time_zone') }}
    end as expired_at
from dated

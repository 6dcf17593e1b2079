-- One row per order, with how much of it has left.
{{ config(materialized='table') }}

with

orders as (
    select * from {{ raw('dolibarr', 'llx_commande') }}
),

-- Goods: Dolibarr gives freight and discounts the type of a product too.
order_lines as (
    select * from {{ raw('dolibarr', 'llx_commandedet') }}
    where
        coalesce(product_type, 0) = 0
        and qty > 0
        and fk_remise_except is null
        and coalesce(special_code, 0) <> 1
        and not (fk_product is null and coalesce(subprice, 0) < 0)
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

shipments as (
    select
        lines.source_id,
        lines.fk_elementdet,
        sum(lines.qty) as quantity,
        min(coalesce(headers.date_expedition, headers.date_valid)) as first_shipped_at,
        max(coalesce(headers.date_expedition, headers.date_valid)) as last_shipped_at
    from {{ raw('dolibarr', 'llx_expeditiondet') }} as lines
    inner join {{ raw('dolibarr', 'llx_expedition') }} as headers
        on lines.source_id = headers.source_id and lines.fk_expedition = headers.rowid
    where headers.fk_statut > 0
    group by lines.source_id, lines.fk_elementdet
),

shipped as (
    select
        order_lines.source_id,
        order_lines.fk_commande,
        min(case when coalesce(shipments.quantity, 0) >= order_lines.qty then 1 else 0 end) = 1 as is_complete,
        max(case when shipments.quantity > 0 then 1 else 0 end) = 1 as is_begun,
        min(shipments.first_shipped_at) as first_shipped_at,
        max(shipments.last_shipped_at) as last_shipped_at
    from order_lines
    left join shipments
        on order_lines.source_id = shipments.source_id and order_lines.rowid = shipments.fk_elementdet
    group by order_lines.source_id, order_lines.fk_commande
),

logged as (
    select
        source_id,
        document,
        max(case when code = 'ORDER_CANCEL' then occurred_at end) as cancelled_at,
        min(case when code = 'ORDER_SENTBYMAIL' then occurred_at end) as acknowledged_at
    from {{ ref('stg_dolibarr__logged_events') }}
    where kind = 'commande'
    group by source_id, document
),

-- The first promise is the date that the order had when it was first read as validated.
promises as (
    select
        source_id,
        rowid,
        cast(date_livraison as date) as promised_date,
        row_number() over (partition by source_id, rowid order by _from_load) as position
    from {{ raw_versions('dolibarr', 'llx_commande') }}
    where fk_statut > 0 and date_livraison is not null
)

select
    orders.source_id,
    orders.rowid as order_number,
    {{ key('orders.source_id', 'commande', 'orders.rowid') }} as document_id,
    companies.company_id,
    companies.time_zone,
    {{ dolibarr_currency('orders', 'companies.currency_code') }} as currency_code,
    companies.currency_code as company_currency_code,
    orders.ref,
    orders.ref_client,
    orders.fk_soc as third_party,
    orders.fk_statut as state,
    cast(orders.fk_statut as {{ dbt.type_string() }}) || case
        when orders.fk_statut = 3 and coalesce(shipped.is_complete, true) and orders.facture = 1 then ':billed'
        -- Nothing of an order of services is shipped: it was delivered when it was closed.
        when orders.fk_statut in (2, 3) and coalesce(shipped.is_complete, orders.fk_statut = 3) then ':complete'
        when orders.fk_statut in (2, 3) and coalesce(shipped.is_begun, false) then ':partial'
        else ''
    end as map_status,
    orders.fk_cond_reglement as payment_term,
    orders.fk_mode_reglement as payment_mode,
    orders.fk_input_reason as input_reason,
    orders.module_source,
    orders.fk_shipping_method as shipping_method,
    orders.fk_warehouse as warehouse,
    orders.fk_incoterms as incoterm,
    orders.fk_user_author as author,
    orders.fk_user_valid as validator,
    orders.fk_user_cloture as closer,
    coalesce(orders.date_commande, cast(orders.date_creation as date)) as order_date,
    {{ utc_instant('orders.date_creation', 'companies.time_zone') }} as entered_at,
    case when orders.fk_statut <> 0 then {{ utc_instant('orders.date_valid', 'companies.time_zone') }} end as validated_at,
    logged.acknowledged_at,
    {{ utc_instant('shipped.first_shipped_at', 'companies.time_zone') }} as first_shipped_at,
    case when shipped.is_complete then {{ utc_instant('shipped.last_shipped_at', 'companies.time_zone') }} end as completed_at,
    case when orders.fk_statut = 3 then coalesce({{ utc_instant('orders.date_cloture', 'companies.time_zone') }}, orders.tms) end
        as closed_at,
    -- Dolibarr keeps no date of a cancellation, its log does.
    case when orders.fk_statut = -1 then coalesce(logged.cancelled_at, orders.tms) end as cancelled_at,
    promises.promised_date as first_confirmed_date,
    case when orders.fk_statut <> 0 then cast(orders.date_livraison as date) end as last_confirmed_date,
    {{ dolibarr_amount('orders', 'total_ht', 'companies.currency_code') }} as amount_excl_tax,
    {{ dolibarr_amount('orders', 'total_ttc', 'companies.currency_code') }} as amount_incl_tax,
    orders.total_ht as company_amount_excl_tax,
    orders.total_ttc as company_amount_incl_tax
from orders
inner join companies
    on companies.company_id = {{ key('orders.source_id', 'entity', 'orders.entity') }}
left join shipped
    on orders.source_id = shipped.source_id and orders.rowid = shipped.fk_commande
left join logged
    on orders.source_id = logged.source_id and orders.rowid = logged.document
left join promises
    on orders.source_id = promises.source_id and orders.rowid = promises.rowid and promises.position = 1

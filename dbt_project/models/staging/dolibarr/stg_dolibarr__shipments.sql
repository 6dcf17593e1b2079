-- One row per shipment. A validated one has left; the day of shipping, where it was noted, says when.
{{ config(materialized='table') }}

with

shipments as (
    select * from {{ raw('dolibarr', 'llx_expedition') }}
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

origins as (
    select * from {{ ref('stg_dolibarr__document_origins') }}
    where kind = 'expedition' and origin_kind = 'commande'
),

orders as (
    select * from {{ ref('stg_dolibarr__orders') }}
),

order_lines as (
    select * from {{ raw('dolibarr', 'llx_commandedet') }}
),

-- What is carried is worth what the order says.
carried as (
    select
        lines.source_id,
        lines.fk_expedition,
        min(order_lines.fk_commande) as order_number,
        sum({{ apportioned('order_lines.total_ht', 'lines.qty', 'order_lines.qty') }}) as company_amount,
        sum(
            {{ apportioned("case when orders.currency_code <> orders.company_currency_code then order_lines.multicurrency_total_ht else order_lines.total_ht end", 'lines.qty', 'order_lines.qty') }}
        ) as amount
    from {{ raw('dolibarr', 'llx_expeditiondet') }} as lines
    inner join order_lines
        on lines.source_id = order_lines.source_id and lines.fk_elementdet = order_lines.rowid
    left join orders
        on order_lines.source_id = orders.source_id and order_lines.fk_commande = orders.order_number
    group by lines.source_id, lines.fk_expedition
)

select
    shipments.source_id,
    shipments.rowid as shipment,
    {{ key('shipments.source_id', 'expedition', 'shipments.rowid') }} as document_id,
    companies.company_id,
    coalesce(orders.currency_code, companies.currency_code) as currency_code,
    shipments.ref,
    shipments.ref_customer,
    shipments.fk_soc as third_party,
    shipments.fk_statut as state,
    coalesce({{ key('carried.source_id', 'commande', 'carried.order_number') }}, origins.origin_id) as order_id,
    shipments.fk_shipping_method as shipping_method,
    shipments.fk_incoterms as incoterm,
    shipments.fk_user_author as author,
    shipments.fk_user_valid as validator,
    {{ utc_instant('shipments.date_creation', 'companies.time_zone') }} as entered_at,
    {{ utc_instant('shipments.date_valid', 'companies.time_zone') }} as validated_at,
    case
        when shipments.fk_statut > 0
            then coalesce(
                {{ utc_instant('coalesce(shipments.date_expedition, shipments.date_valid)', 'companies.time_zone') }}, shipments.tms
            )
    end as shipped_at,
    case when shipments.fk_statut = -1 then shipments.tms end as cancelled_at,
    coalesce(
        cast(shipments.date_expedition as date), cast(shipments.date_valid as date), cast(shipments.date_creation as date)
    ) as shipment_date,
    cast(shipments.date_delivery as date) as planned_date,
    coalesce(carried.amount, 0) as amount_excl_tax,
    coalesce(carried.company_amount, 0) as company_amount_excl_tax
from shipments
inner join companies
    on companies.company_id = {{ key('shipments.source_id', 'entity', 'shipments.entity') }}
left join origins
    on shipments.source_id = origins.source_id and shipments.rowid = origins.document
left join carried
    on shipments.source_id = carried.source_id and shipments.rowid = carried.fk_expedition
left join orders
    on carried.source_id = orders.source_id and carried.order_number = orders.order_number

-- One row per document that a record of Odoo stands for: a sale order may be a quote and an order, a
-- transfer a preparation and a delivery note.
with

orders as (
    select * from {{ ref('stg_odoo__sale_orders') }}
),

transfers as (
    select * from {{ ref('stg_odoo__transfers') }}
),

invoices as (
    select * from {{ ref('stg_odoo__invoices') }}
)

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

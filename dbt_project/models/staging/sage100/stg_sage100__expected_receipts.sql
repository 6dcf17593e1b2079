-- One row per line of a purchase order that was not received yet.
with

purchases as (
    select * from {{ raw('sage100', 'F_DOCLIGNE') }}
    where do_domaine = 1 and do_type in (11, 12) and ar_ref is not null and dl_qte > 0
),

warehouses as (
    select * from {{ raw('sage100', 'F_DEPOT') }}
),

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

final as (
    select
        purchases.source_id,
        'sage100' as source_system,
        {{ key('purchases.source_id', 'F_DOCLIGNE', 'purchases.cbmarq') }} as expected_receipt_id,
        companies.company_id,
        {{ key('purchases.source_id', 'F_ARTICLE', 'trim(purchases.ar_ref)') }} as product_id,
        warehouses.de_intitule as site,
        coalesce(purchases.do_datelivr, purchases.do_date) as expected_date,
        purchases.dl_qte as quantity
    from purchases
    inner join companies on purchases.source_id = companies.source_id
    left join warehouses
        on purchases.source_id = warehouses.source_id and purchases.de_no = warehouses.de_no
)

{{ conform('expected_receipts') }}

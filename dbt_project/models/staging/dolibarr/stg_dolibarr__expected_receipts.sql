-- One row per line of a purchase order that was sent and has not arrived in full.
with

purchases as (
    select * from {{ raw('dolibarr', 'llx_commande_fournisseur') }}
    where fk_statut in (3, 4) and date_livraison is not null
),

purchase_lines as (
    select
        *,
        coalesce(sum(qty) over (
            partition by source_id, fk_commande, fk_product order by rowid rows between unbounded preceding and 1 preceding
        ), 0) as before
    from {{ raw('dolibarr', 'llx_commande_fournisseurdet') }}
    where fk_product is not null and qty > 0
),

-- What arrived names the order and the product: it fills the lines in their order.
arrivals as (
    select source_id, fk_commande, fk_product, sum(qty) as quantity
    from (
        select source_id, fk_element as fk_commande, fk_product, qty from {{ raw('dolibarr', 'llx_receptiondet_batch') }}
        union all
        select source_id, fk_commande, fk_product, qty from {{ raw('dolibarr', 'llx_commande_fournisseur_dispatch') }}
    ) as arrived
    group by source_id, fk_commande, fk_product
),

remaining as (
    select
        purchase_lines.source_id,
        purchase_lines.rowid,
        purchase_lines.fk_product,
        purchases.entity,
        cast(purchases.date_livraison as date) as expected_date,
        purchase_lines.qty - least(greatest(coalesce(arrivals.quantity, 0) - purchase_lines.before, 0), purchase_lines.qty) as quantity
    from purchase_lines
    inner join purchases
        on purchase_lines.source_id = purchases.source_id and purchase_lines.fk_commande = purchases.rowid
    left join arrivals
        on
            purchase_lines.source_id = arrivals.source_id
            and purchase_lines.fk_commande = arrivals.fk_commande
            and purchase_lines.fk_product = arrivals.fk_product
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

final as (
    select
        remaining.source_id,
        'dolibarr' as source_system,
        {{ key('remaining.source_id', 'commande_fournisseurdet', 'remaining.rowid') }} as expected_receipt_id,
        companies.company_id,
        {{ key('remaining.source_id', 'product', 'remaining.fk_product') }} as product_id,
        remaining.expected_date,
        remaining.quantity
    from remaining
    inner join companies
        on companies.company_id = {{ key('remaining.source_id', 'entity', 'remaining.entity') }}
    where remaining.quantity > 0
)

{{ conform('expected_receipts', lacks=['site']) }}

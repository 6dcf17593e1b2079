-- One row per company, product and site: stock when the source last said so.
select
    source_id || '/' || product_id || '/' || site || '/' || company_id as stock_level_id,
    {{ resolved('company', 'stock.company_id') }} as company_id,
    {{ resolved('product', 'stock.product_id') }} as product_id,
    site,
    quantity_on_hand,
    quantity_reserved,
    {{ money('quantity_on_hand - quantity_reserved') }} as quantity_available,
    measured_at
from {{ ref('int_stock_levels') }} as stock

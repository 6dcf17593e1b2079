-- One row per open purchase line still to be received.
select
    expected_receipt_id,
    {{ resolved('company', 'receipt.company_id') }} as company_id,
    {{ resolved('product', 'receipt.product_id') }} as product_id,
    coalesce(site, 'unknown') as site,
    expected_date,
    quantity,
    expected_date < {{ as_of_date() }} as is_overdue
from {{ ref('int_expected_receipts') }} as receipt

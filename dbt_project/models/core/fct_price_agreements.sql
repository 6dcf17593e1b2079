-- One row per negotiated price: dated, ranked, with a quantity break.
select
    price_agreement_id,
    {{ resolved('company', 'agreement.company_id') }} as company_id,
    {{ resolved('customer', 'agreement.customer_id') }} as customer_id,
    {{ resolved('customer', 'agreement.customer_group_id') }} as customer_group_id,
    {{ resolved('product', 'agreement.product_id') }} as product_id,
    product_range,
    rank,
    minimum_quantity,
    unit_price_excl_tax,
    discount_percent,
    freight_excl_tax,
    payment_term_id,
    currency_code,
    valid_from,
    valid_to,
    valid_from <= {{ as_of_date() }} and (valid_to is null or valid_to >= {{ as_of_date() }}) as is_in_force
from {{ ref('int_price_agreements') }} as agreement

-- One row per product and state of its attributes, as the warehouse learned of them.
with versions as (
    select * from {{ ref('int_product_versions') }}
),

{{ history('product_id', ['name', 'product_range', 'product_family', 'list_price_excl_tax', 'is_active']) }}

select
    history.product_id || '@' || cast(history.valid_from as {{ dbt.type_string() }}) as product_version_id,
    history.product_id,
    history.valid_from,
    history.valid_to,
    history.valid_to is null as is_current,
    history.name,
    coalesce(history.product_range, 'unknown') as product_range,
    coalesce(history.product_family, 'unknown') as product_family,
    history.list_price_excl_tax,
    history.is_active
from history
inner join {{ ref('dim_product') }} as products on history.product_id = products.product_id

-- One row per product and version of it that reached the warehouse by the run's known_at.
select
    source_id || '/' || product_id as product_id,
    _from_load as from_load,
    name,
    product_range,
    product_family,
    list_price_excl_tax,
    is_active
from {{ raw_versions('contract', 'products') }} as given
{% for model in ['stg_odoo__product_versions', 'stg_tryton__product_versions', 'stg_sage100__product_versions', 'stg_dolibarr__product_versions'] if is_configured(model) %}
union all
select product_id, from_load, name, product_range, product_family, list_price_excl_tax, is_active
from {{ ref(model) }}
{% endfor %}

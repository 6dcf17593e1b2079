-- One row per customer and version of it that reached the warehouse by the run's known_at.
select
    source_id || '/' || customer_id as customer_id,
    _from_load as from_load,
    name,
    segment,
    country_code,
    source_id || '/' || salesperson_id as salesperson_id,
    is_active
from {{ raw_versions('contract', 'customers') }} as given
{% for model in ['stg_odoo__customer_versions', 'stg_tryton__customer_versions', 'stg_sage100__customer_versions', 'stg_dolibarr__customer_versions', 'stg_fatturapa__customer_versions'] if is_configured(model) %}
union all
select customer_id, from_load, name, segment, country_code, salesperson_id, is_active
from {{ ref(model) }}
{% endfor %}

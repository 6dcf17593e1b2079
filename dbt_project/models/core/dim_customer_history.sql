-- One row per customer and state of its attributes, as the warehouse learned of them.
with versions as (
    select * from {{ ref('int_customer_versions') }}
),

{{ history('customer_id', ['name', 'segment', 'country_code', 'salesperson_id', 'is_active']) }}

select
    history.customer_id || '@' || cast(history.valid_from as {{ dbt.type_string() }}) as customer_version_id,
    history.customer_id,
    history.valid_from,
    history.valid_to,
    history.valid_to is null as is_current,
    history.name,
    coalesce(history.segment, 'unknown') as segment,
    coalesce(history.country_code, 'unknown') as country_code,
    coalesce({{ resolved('employee', 'history.salesperson_id') }}, 'unknown') as salesperson_id,
    history.is_active
from history
-- Partners that are no customers, and accounts merged into another, have no history here.
inner join {{ ref('dim_customer') }} as customers on history.customer_id = customers.customer_id

-- One row per product or service.
with

versions as (
    select * from {{ ref('stg_dolibarr__product_versions') }}
    where to_load is null
),

units as (
    select * from {{ raw('dolibarr', 'llx_c_units') }}
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

final as (
    select
        versions.source_id,
        'dolibarr' as source_system,
        versions.product_id,
        versions.product_code,
        versions.name,
        versions.product_range,
        versions.product_family,
        units.short_label as unit,
        versions.standard_cost,
        companies.currency_code as cost_currency_code,
        versions.list_price_excl_tax,
        case when versions.fk_product_type = 1 then 'service' else 'goods' end as product_type,
        versions.is_active,
        versions.launched_on,
        versions.custom_fields
    from versions
    left join units
        on versions.source_id = units.source_id and versions.fk_unit = units.rowid
    left join companies
        on companies.company_id = {{ key('versions.source_id', 'entity', 'versions.entity') }}
)

{{ conform('products', lacks=['discontinued_on']) }}

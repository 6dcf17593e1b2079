-- One row per article.
with

versions as (
    select
        *,
        row_number() over (partition by product_id order by from_load desc, cbmarq desc) as position
    from {{ ref('stg_sage100__product_versions') }}
    where to_load is null
),

units as (
    select * from {{ raw('sage100', 'P_UNITE') }}
),

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

final as (
    select
        versions.source_id,
        'sage100' as source_system,
        versions.product_id,
        versions.product_code,
        versions.name,
        versions.product_range,
        versions.product_family,
        units.u_intitule as unit,
        versions.standard_cost,
        companies.currency_code as cost_currency_code,
        versions.list_price_excl_tax,
        case when versions.stock_method = 0 then 'service' else 'goods' end as product_type,
        versions.is_active,
        versions.launched_on,
        versions.custom_fields
    from versions
    left join units
        on versions.source_id = units.source_id and versions.unit_number = units.cbindice
    left join companies on versions.source_id = companies.source_id
    where versions.position = 1
)

{{ conform('products', lacks=['discontinued_on']) }}

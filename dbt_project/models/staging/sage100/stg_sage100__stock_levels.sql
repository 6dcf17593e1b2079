-- One row per product and warehouse.
with

stocks as (
    select
        source_id,
        trim(ar_ref) as product_code,
        de_no,
        {{ money('sum(as_qtesto)') }} as quantity_on_hand,
        {{ money('sum(coalesce(as_qteres, 0))') }} as quantity_reserved,
        max(cbmodification) as modified_at
    from {{ raw('sage100', 'F_ARTSTOCK') }}
    group by source_id, trim(ar_ref), de_no
),

warehouses as (
    select * from {{ raw('sage100', 'F_DEPOT') }}
),

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

final as (
    select
        stocks.source_id,
        'sage100' as source_system,
        companies.company_id,
        {{ key('stocks.source_id', 'F_ARTICLE', 'stocks.product_code') }} as product_id,
        coalesce(warehouses.de_intitule, cast(stocks.de_no as {{ dbt.type_string() }})) as site,
        stocks.quantity_on_hand,
        stocks.quantity_reserved,
        {{ utc_instant('stocks.modified_at', 'companies.time_zone') }} as measured_at
    from stocks
    inner join companies on stocks.source_id = companies.source_id
    left join warehouses
        on stocks.source_id = warehouses.source_id and stocks.de_no = warehouses.de_no
)

{{ conform('stock_levels') }}

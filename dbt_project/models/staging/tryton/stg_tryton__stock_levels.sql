-- One row per product and warehouse: stock now, which Tryton computes from the moves.
with

moves as (
    select * from {{ raw('tryton', 'stock_move') }}
    where state in ('done', 'assigned')
),

locations as (
    select * from {{ raw('tryton', 'stock_location') }}
),

-- Every place within a warehouse belongs to it.
places as (
    select
        places.source_id,
        places.id,
        min(warehouses.name) as site
    from locations as places
    inner join locations as warehouses
        on
            places.source_id = warehouses.source_id
            and warehouses.type = 'warehouse'
            and (
                places.parent = warehouses.id
                or (places.tree_left > warehouses.tree_left and places.tree_right < warehouses.tree_right)
            )
    where places.type = 'storage'
    group by places.source_id, places.id
),

changes as (
    select
        moves.source_id,
        moves.company,
        moves.product,
        places.site,
        case when moves.state = 'done' then moves.internal_quantity else 0 end as quantity,
        0 as reserved,
        moves.changed_at
    from moves
    inner join places
        on moves.source_id = places.source_id and moves.to_location = places.id
    union all
    select
        moves.source_id,
        moves.company,
        moves.product,
        places.site,
        case when moves.state = 'done' then -moves.internal_quantity else 0 end as quantity,
        case when moves.state = 'assigned' then moves.internal_quantity else 0 end as reserved,
        moves.changed_at
    from moves
    inner join places
        on moves.source_id = places.source_id and moves.from_location = places.id
),

final as (
    select
        source_id,
        'tryton' as source_system,
        {{ key('source_id', 'company.company', 'min(company)') }} as company_id,
        {{ key('source_id', 'product.product', 'product') }} as product_id,
        site,
        sum(quantity) as quantity_on_hand,
        sum(reserved) as quantity_reserved,
        max(changed_at) as measured_at
    from changes
    group by source_id, product, site
)

{{ conform('stock_levels') }}

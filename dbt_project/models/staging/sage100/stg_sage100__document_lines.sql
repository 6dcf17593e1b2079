-- One row per line of a document, and one per invoice for its freight or footer discount.
with

lines as (
    select * from {{ ref('stg_sage100__lines') }}
),

documents as (
    select * from {{ ref('stg_sage100__document_stages') }}
),

products as (
    select
        *,
        row_number() over (partition by source_id, ar_ref order by cbmarq) as position
    from {{ raw('sage100', 'F_ARTICLE') }}
),

shipping_articles as (
    select distinct
        source_id,
        nullif(trim(ar_ref), '') as ar_ref
    from {{ raw('sage100', 'P_EXPEDITION') }}
),

units as (
    select * from {{ raw('sage100', 'P_UNITE') }}
),

warehouses as (
    select * from {{ raw('sage100', 'F_DEPOT') }}
),

-- Goods that came back or were credited name the document that they came with, in one of four places.
origins as (
    select
        documents.document_id,
        documents.source_id,
        coalesce(documents.original_piece, documents.customer_reference) as origin_piece
    from documents
    where documents.document_type in ('return', 'credit_note')
),

ordered_products as (
    select
        lines.source_id,
        documents.piece,
        lines.product_reference,
        min(case when lines.stage = 1 then lines.group_id else lines.order_group_id end) as order_group_id
    from lines
    inner join documents on lines.document_id = documents.document_id
    where lines.stage in (1, 3, 6) and not lines.is_credit
    group by lines.source_id, documents.piece, lines.product_reference
),

linked as (
    select
        lines.*,
        documents.document_type,
        documents.is_deleted as is_document_deleted,
        documents.deleted_at,
        documents.salesperson_number as document_salesperson_number,
        documents.warehouse_number as document_warehouse_number,
        coalesce(
            lines.order_group_id,
            by_order.order_group_id,
            by_delivery.order_group_id,
            by_origin.order_group_id
        ) as linked_order_group_id
    from lines
    inner join documents on lines.document_id = documents.document_id
    left join origins on lines.document_id = origins.document_id
    left join ordered_products as by_order
        on
            lines.source_id = by_order.source_id
            and lines.is_credit
            and lines.traced_order = by_order.piece
            and lines.product_reference = by_order.product_reference
    left join ordered_products as by_delivery
        on
            lines.source_id = by_delivery.source_id
            and lines.is_credit
            and lines.traced_delivery = by_delivery.piece
            and lines.product_reference = by_delivery.product_reference
    left join ordered_products as by_origin
        on
            lines.source_id = by_origin.source_id
            and lines.is_credit
            and origins.origin_piece = by_origin.piece
            and lines.product_reference = by_origin.product_reference
),

-- What the header of an invoice adds to its lines: freight, or the discount for early payment.
footers as (
    select
        *,
        stated_excl_tax - case when lines_excl_tax * stated_excl_tax < 0 then -lines_excl_tax else lines_excl_tax end as footer_excl_tax,
        stated_incl_tax - case when lines_incl_tax * stated_incl_tax < 0 then -lines_incl_tax else lines_incl_tax end as footer_incl_tax,
        case when stated_excl_tax < 0 then -1 else 1 end as sign
    from documents
    where stage = 6 and stated_excl_tax is not null
),

final as (
    select
        linked.source_id,
        'sage100' as source_system,
        linked.document_line_id,
        linked.document_id,
        linked.company_id,
        row_number() over (partition by linked.document_id order by linked.line_position, linked.group_id) as line_number,
        case
            when shipping_articles.ar_ref is not null then 'freight'
            when products.ar_suivistock = 0 then 'service'
            when linked.amount_excl_tax < 0 and linked.stage not in (4, 5) and not linked.is_credit then 'discount'
            else 'product'
        end as line_type,
        {{ key('linked.source_id', 'F_ARTICLE', 'linked.product_reference') }} as product_id,
        linked.description,
        linked.quantity,
        units.u_intitule as unit,
        linked.unit_price as unit_price_excl_tax,
        linked.discount_percent,
        linked.amount_excl_tax,
        linked.amount_incl_tax - linked.amount_excl_tax as amount_tax,
        linked.amount_incl_tax,
        linked.amount_excl_tax as company_amount_excl_tax,
        linked.unit_cost,
        case
            when linked.stage > 1
                then {{ key('linked.source_id', 'document.line', '1') }} || '/' || cast(linked.linked_order_group_id as {{ dbt.type_string() }})
        end as order_line_id,
        {{ key('linked.source_id', 'document.line', 'linked.previous_stage') }}
        || '/' || cast(linked.previous_group_id as {{ dbt.type_string() }}) as generated_from_line_id,
        linked.first_delivery_date as first_confirmed_date,
        linked.last_delivery_date as last_confirmed_date,
        case when linked.stage = 1 and not linked.is_document_deleted then linked.dropped_quantity end as cancelled_quantity,
        case when linked.stage = 1 and not linked.is_document_deleted and linked.dropped_quantity > 0 then linked.ended_at end
            as cancelled_at,
        {{ key('linked.source_id', 'F_COLLABORATEUR', 'coalesce(linked.salesperson_number, linked.document_salesperson_number)') }}
            as salesperson_id,
        warehouses.de_intitule as site
    from linked
    left join products
        on
            linked.source_id = products.source_id
            and linked.product_reference = products.ar_ref
            and products.position = 1
    left join shipping_articles
        on linked.source_id = shipping_articles.source_id and linked.product_reference = shipping_articles.ar_ref
    left join units
        on products.source_id = units.source_id and products.ar_uniteven = units.cbindice
    left join warehouses
        on
            linked.source_id = warehouses.source_id
            and coalesce(linked.warehouse_number, linked.document_warehouse_number) = warehouses.de_no

    union all

    select
        source_id,
        'sage100' as source_system,
        {{ key('source_id', 'document.footer', 'piece') }} as document_line_id,
        document_id,
        company_id,
        cast(null as bigint) as line_number,
        case when sign * footer_excl_tax < 0 then 'discount' else 'freight' end as line_type,
        cast(null as {{ dbt.type_string() }}) as product_id,
        cast(null as {{ dbt.type_string() }}) as description,
        1 as quantity,
        cast(null as {{ dbt.type_string() }}) as unit,
        sign * footer_excl_tax as unit_price_excl_tax,
        cast(null as decimal(18, 4)) as discount_percent,
        sign * footer_excl_tax as amount_excl_tax,
        sign * (footer_incl_tax - footer_excl_tax) as amount_tax,
        sign * footer_incl_tax as amount_incl_tax,
        sign * footer_excl_tax as company_amount_excl_tax,
        cast(null as decimal(18, 4)) as unit_cost,
        cast(null as {{ dbt.type_string() }}) as order_line_id,
        cast(null as {{ dbt.type_string() }}) as generated_from_line_id,
        cast(null as date) as first_confirmed_date,
        cast(null as date) as last_confirmed_date,
        cast(null as decimal(18, 4)) as cancelled_quantity,
        cast(null as timestamp) as cancelled_at,
        {{ key('source_id', 'F_COLLABORATEUR', 'salesperson_number') }} as salesperson_id,
        cast(null as {{ dbt.type_string() }}) as site
    from footers
    where abs(footer_excl_tax) > 0.01
)

{{ conform('document_lines', lacks=['requested_date', 'cancelled_by', 'cancellation_reason', 'picked_by_id']) }}

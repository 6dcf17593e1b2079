-- One row per line of a sale that has a quantity, with its amount as Tryton computes it.
{{ config(materialized='table') }}

with

sale_lines as (
    select * from {{ raw('tryton', 'sale_line') }}
    where type = 'line'
),

sales as (
    select
        source_id,
        id,
        currency,
        {{ tryton_id('origin', 'sale.complaint') }} as complaint_id
    from {{ raw('tryton', 'sale_sale') }}
),

currencies as (
    select * from {{ raw('tryton', 'currency_currency') }}
),

products as (
    select
        variants.source_id,
        variants.id,
        templates.type
    from {{ raw('tryton', 'product_product') }} as variants
    inner join {{ raw('tryton', 'product_template') }} as templates
        on variants.source_id = templates.source_id and variants.template = templates.id
),

units as (
    select * from {{ raw('tryton', 'product_uom') }}
),

complaints as (
    select * from {{ ref('stg_tryton__complaint_origins') }}
)

select
    sale_lines.source_id,
    sale_lines.id as line_id,
    sale_lines.sale as sale_id,
    row_number() over (
        partition by sale_lines.source_id, sale_lines.sale
        order by case when sale_lines.sequence is null then 0 else 1 end, sale_lines.sequence, sale_lines.id
    ) as line_number,
    sale_lines.product,
    case
        when sale_lines.shipment_cost is not null then 'freight'
        when products.type in ('goods', 'assets') then 'product'
        else 'service'
    end as line_type,
    sale_lines.description,
    coalesce(sale_lines.quantity, 0) as quantity,
    coalesce(units.symbol, units.name) as unit,
    sale_lines.unit as unit_id,
    coalesce(units.factor, 1) as unit_factor,
    coalesce(sale_lines.unit_price, 0) as unit_price,
    sale_lines.base_price,
    {{ rounded_to_even(
        '(coalesce(sale_lines.quantity, 0) * coalesce(sale_lines.unit_price, 0))',
        'coalesce(nullif(currencies.rounding, 0), 0.01)'
    ) }} as amount,
    -- A line below zero takes goods back; the complaint behind it names the line that had delivered them.
    case
        when sale_lines.quantity < 0 and complaints.product = sale_lines.product then complaints.sale_line_id
    end as returned_line_id
from sale_lines
left join sales
    on sale_lines.source_id = sales.source_id and sale_lines.sale = sales.id
left join currencies
    on sales.source_id = currencies.source_id and sales.currency = currencies.id
left join products
    on sale_lines.source_id = products.source_id and sale_lines.product = products.id
left join units
    on sale_lines.source_id = units.source_id and sale_lines.unit = units.id
left join complaints
    on sales.source_id = complaints.source_id and sales.complaint_id = complaints.complaint_id

-- One row per line of a quote, and one per quote for its shipping.
with

quotes as (
    select * from {{ ref('stg_suitecrm__quotes') }}
),

lines as (
    select
        lines.*,
        quotes.document_id,
        quotes.company_id,
        quotes.conversion_rate,
        -- A service has no quantity.
        coalesce(case when lines.product_id is null then nullif(lines.product_qty, 0) else lines.product_qty end, 1) as quantity
    from {{ raw('suitecrm', 'aos_products_quotes') }} as lines
    inner join quotes
        on lines.source_id = quotes.source_id and lines.parent_id = quotes.id
),

-- Whether the total of a line holds its tax is a setting that lies in a file of SuiteCRM's; the line tells it, too.
taxed as (
    select
        *,
        case
            when
                abs(product_total_price - vat_amt - quantity * product_unit_price)
                < abs(product_total_price - quantity * product_unit_price)
                then 1
            else 0
        end as held_tax
    from lines
),

final as (
    select
        source_id,
        'suitecrm' as source_system,
        {{ key('source_id', 'aos_products_quotes', 'id') }} as document_line_id,
        document_id,
        company_id,
        number as line_number,
        case when product_id is null then 'service' else 'product' end as line_type,
        {{ reference('product', 'part_number') }} as product_id,
        name as description,
        quantity,
        {{ money('coalesce(product_list_price, product_unit_price)') }} as unit_price_excl_tax,
        case lower(discount)
            when 'percentage' then {{ money('product_discount') }}
            when 'amount' then {{ apportioned('100', 'product_discount', 'product_list_price') }}
        end as discount_percent,
        {{ money('product_total_price - held_tax * coalesce(vat_amt, 0)') }} as amount_excl_tax,
        {{ money('coalesce(vat_amt, 0)') }} as amount_tax,
        {{ money('product_total_price + (1 - held_tax) * coalesce(vat_amt, 0)') }} as amount_incl_tax,
        {{ money(
            'coalesce(product_total_price_usdollar, product_total_price / conversion_rate)'
            ~ ' - held_tax * coalesce(vat_amt_usdollar, vat_amt / conversion_rate, 0)'
        ) }} as company_amount_excl_tax
    from taxed

    union all

    select
        source_id,
        'suitecrm' as source_system,
        document_id || '/shipping' as document_line_id,
        document_id,
        company_id,
        cast(null as bigint) as line_number,
        'freight' as line_type,
        cast(null as {{ dbt.type_string() }}) as product_id,
        cast(null as {{ dbt.type_string() }}) as description,
        1 as quantity,
        {{ money('shipping_amount') }} as unit_price_excl_tax,
        cast(null as decimal(18, 4)) as discount_percent,
        {{ money('shipping_amount') }} as amount_excl_tax,
        {{ money('coalesce(shipping_tax_amt, 0)') }} as amount_tax,
        {{ money('shipping_amount + coalesce(shipping_tax_amt, 0)') }} as amount_incl_tax,
        {{ money('coalesce(shipping_amount_usdollar, shipping_amount / conversion_rate)') }} as company_amount_excl_tax
    from quotes
    where shipping_amount <> 0
)

{{ conform('document_lines', lacks=[
    'unit', 'unit_cost', 'order_line_id', 'generated_from_line_id', 'requested_date', 'first_confirmed_date',
    'last_confirmed_date', 'cancelled_quantity', 'cancelled_at', 'cancelled_by', 'cancellation_reason', 'picked_by_id',
    'salesperson_id', 'site',
]) }}

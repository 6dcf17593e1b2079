-- One row per article code that lines bear, called as the newest of them calls it.
with

ranked as (
    select
        lines.*,
        row_number() over (
            partition by lines.source_id, lines.product_code
            order by
                -- A credit note says what happened to the goods.
                case when lines.document_type = 'credit_note' then 1 else 0 end asc,
                invoices.document_date desc,
                lines.line_id desc
        ) as place
    from {{ ref('stg_fatturapa__lines') }} as lines
    inner join {{ ref('stg_fatturapa__invoices') }} as invoices on lines.document_id = invoices.document_id
    where lines.product_code <> ''
),

final as (
    select
        source_id,
        'fatturapa' as source_system,
        {{ key('source_id', 'CodiceArticolo', 'product_code') }} as product_id,
        product_code,
        coalesce(description, product_code) as name,
        unit,
        case when quantity is null or period_start is not null then 'service' else 'goods' end as product_type,
        true as is_active
    from ranked
    where place = 1
)

{{ conform('products', lacks=[
    'product_range', 'product_family', 'standard_cost', 'cost_currency_code', 'list_price_excl_tax', 'launched_on',
    'discontinued_on', 'custom_fields',
]) }}

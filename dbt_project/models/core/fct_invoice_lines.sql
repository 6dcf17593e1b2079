-- One row per line of an invoice, deposit invoice or credit note; net amounts are negative on credit notes.
with documents as (
    select * from {{ ref('fct_documents') }}
    where document_type in ('invoice', 'deposit_invoice', 'credit_note')
),

lines as (
    select * from {{ ref('int_document_lines') }}
),

order_lines as (
    select document_line_id, document_id
    from {{ ref('int_document_lines') }}
),

returned_lines as (
    select distinct lines.order_line_id
    from lines
    inner join {{ ref('fct_documents') }} as goods_back on lines.document_id = goods_back.document_id
    where goods_back.document_type = 'return' and goods_back.status not in ('cancelled', 'rejected')
),

customers as (
    select customer_id, customer_class
    from {{ ref('dim_customer') }}
),

declared as (
    {{ declared_credit_note_reasons('documents') }}
),

signed as (
    select
        lines.*,
        documents.company_id as resolved_company_id,
        documents.document_type,
        documents.document_number,
        documents.document_date,
        documents.status,
        documents.is_issued,
        documents.reason,
        documents.corrects_document_id,
        documents.sold_to_customer_id,
        documents.payer_customer_id,
        documents.channel,
        documents.currency_code,
        documents.salesperson_id as document_salesperson_id,
        documents.site as document_site,
        order_lines.document_id as order_id,
        customers.customer_class,
        documents.document_type = 'credit_note'
        and coalesce(documents.amount_excl_tax = corrected.amount_excl_tax, false) as reverses_invoice,
        case when documents.document_type = 'credit_note' then -1 else 1 end as sign,
        returned_lines.order_line_id is not null
        and coalesce(declared.credit_note_reason not in ('price', 'commercial'), true) as follows_return
    from lines
    inner join documents on lines.document_id = documents.document_id
    left join documents as corrected on documents.corrects_document_id = corrected.document_id
    left join customers on documents.sold_to_customer_id = customers.customer_id
    left join order_lines on lines.order_line_id = order_lines.document_line_id
    left join returned_lines on lines.order_line_id = returned_lines.order_line_id
    left join declared on lines.document_id = declared.document_id
),

-- A price reduction brings no goods back; where the order line is unknown, what is credited did come back.
moved as (
    select
        *,
        document_type <> 'credit_note' or order_line_id is null or reverses_invoice or follows_return as moves_goods
    from signed
)

select
    document_line_id as invoice_line_id,
    document_id,
    resolved_company_id as company_id,
    document_type,
    document_number,
    document_date as invoice_date,
    status,
    reason,
    corrects_document_id,
    sold_to_customer_id,
    payer_customer_id,
    coalesce({{ known('moved.product_id') }}, 'unknown') as product_id,
    coalesce({{ known('moved.salesperson_id') }}, document_salesperson_id) as salesperson_id,
    channel,
    coalesce(site, document_site) as site,
    line_type,
    order_line_id,
    order_id,
    currency_code,
    unit,
    unit_price_excl_tax,
    discount_percent,
    {{ money('case when moves_goods then sign * quantity else 0 end') }} as net_quantity,
    {{ money('sign * amount_excl_tax') }} as net_amount_excl_tax,
    {{ money('sign * amount_tax') }} as net_amount_tax,
    {{ money('sign * amount_incl_tax') }} as net_amount_incl_tax,
    {{ money('sign * company_amount_excl_tax') }} as company_net_amount_excl_tax,
    unit_cost,
    {{ money('case when moves_goods then sign * quantity * unit_cost else 0 end') }} as company_net_cost,
    reverses_invoice,
    moves_goods,
    is_issued,
    -- A deposit is never revenue, and neither is its deduction; group companies are no customers.
    is_issued
    and document_type <> 'deposit_invoice'
    and line_type <> 'deposit'
    and coalesce(customer_class, 'private') <> 'intercompany' as is_revenue
from moved
{{ join_known('product', 'moved.product_id') }}
{{ join_known('employee', 'moved.salesperson_id') }}

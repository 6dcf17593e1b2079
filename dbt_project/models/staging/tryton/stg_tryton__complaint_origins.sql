-- One row per complaint: the sale, invoice and lines of them that it is about.
with

complaints as (
    select
        source_id,
        id,
        {{ tryton_id('origin', 'sale.sale') }} as sale_id,
        {{ tryton_id('origin', 'sale.line') }} as sale_line_id,
        {{ tryton_id('origin', 'account.invoice') }} as invoice_id,
        {{ tryton_id('origin', 'account.invoice.line') }} as invoice_line_id
    from {{ raw('tryton', 'sale_complaint') }}
),

invoice_lines as (
    select
        source_id,
        id,
        invoice,
        product,
        {{ tryton_id('origin', 'sale.line') }} as sale_line_id
    from {{ raw('tryton', 'account_invoice_line') }}
),

sale_lines as (
    select
        source_id,
        id,
        sale,
        product
    from {{ raw('tryton', 'sale_line') }}
)

select
    complaints.source_id,
    complaints.id as complaint_id,
    coalesce(complaints.sale_id, sale_lines.sale) as sale_id,
    sale_lines.id as sale_line_id,
    coalesce(complaints.invoice_id, invoice_lines.invoice) as invoice_id,
    complaints.invoice_line_id,
    coalesce(invoice_lines.product, sale_lines.product) as product
from complaints
left join invoice_lines
    on complaints.source_id = invoice_lines.source_id and complaints.invoice_line_id = invoice_lines.id
left join sale_lines
    on
        complaints.source_id = sale_lines.source_id
        and coalesce(complaints.sale_line_id, invoice_lines.sale_line_id) = sale_lines.id

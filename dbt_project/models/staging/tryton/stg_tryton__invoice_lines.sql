-- One row per line of an invoice or credit note that has a quantity, with the sale and invoice behind it.
{{ config(materialized='table') }}

with

invoice_lines as (
    select
        *,
        {{ tryton_id('origin', 'sale.complaint') }} as complaint_id,
        {{ tryton_id('origin', 'account.invoice.line') }} as corrected_line_id,
        origin like 'sale.advance_payment.condition,%' as is_deposit
    from {{ raw('tryton', 'account_invoice_line') }}
    where type = 'line'
),

origins as (
    select
        source_id,
        id,
        invoice,
        {{ tryton_id('origin', 'sale.line') }} as sale_line_id
    from {{ raw('tryton', 'account_invoice_line') }}
),

invoices as (
    select
        source_id,
        id,
        currency
    from {{ raw('tryton', 'account_invoice') }}
),

currencies as (
    select * from {{ raw('tryton', 'currency_currency') }}
),

units as (
    select * from {{ raw('tryton', 'product_uom') }}
),

sale_lines as (
    select * from {{ ref('stg_tryton__sale_lines') }}
),

complaints as (
    select * from {{ ref('stg_tryton__complaint_origins') }}
),

traced as (
    select
        invoice_lines.*,
        coalesce(own.sale_line_id, corrected.sale_line_id, complaints.sale_line_id) as sale_line_id,
        coalesce(corrected.invoice, complaints.invoice_id) as corrected_invoice_id
    from invoice_lines
    left join origins as own
        on invoice_lines.source_id = own.source_id and invoice_lines.id = own.id
    left join origins as corrected
        on invoice_lines.source_id = corrected.source_id and invoice_lines.corrected_line_id = corrected.id
    left join complaints
        on invoice_lines.source_id = complaints.source_id and invoice_lines.complaint_id = complaints.complaint_id
)

select
    traced.source_id,
    traced.id as line_id,
    traced.invoice as invoice_id,
    row_number() over (
        partition by traced.source_id, traced.invoice
        order by case when traced.sequence is null then 0 else 1 end, traced.sequence, traced.id
    ) as line_number,
    traced.product,
    case when traced.is_deposit then 'deposit' else coalesce(sale_lines.line_type, 'service') end as line_type,
    traced.is_deposit,
    traced.description,
    coalesce(sale_lines.unit, units.symbol, units.name) as unit,
    case
        when sale_lines.unit_id is null or sale_lines.unit_id = traced.unit then coalesce(traced.quantity, 0)
        else
            cast(
                round(
                    cast(traced.quantity as double) * cast(units.factor as double)
                    / cast(sale_lines.unit_factor as double), 4
                ) as decimal(18, 4)
            )
    end as quantity,
    coalesce(traced.unit_price, 0) as unit_price,
    {{ rounded_to_even(
        '(coalesce(traced.quantity, 0) * coalesce(traced.unit_price, 0))',
        'coalesce(nullif(currencies.rounding, 0), 0.01)'
    ) }} as amount,
    sale_lines.sale_id,
    coalesce(sale_lines.returned_line_id, traced.sale_line_id) as order_line_id,
    traced.corrected_invoice_id
from traced
left join invoices
    on traced.source_id = invoices.source_id and traced.invoice = invoices.id
left join currencies
    on invoices.source_id = currencies.source_id and invoices.currency = currencies.id
left join units
    on traced.source_id = units.source_id and traced.unit = units.id
left join sale_lines
    on traced.source_id = sale_lines.source_id and traced.sale_line_id = sale_lines.line_id

-- One row per invoice, deposit invoice and credit note to a customer, drafts included.
{{ config(materialized='table') }}

with

invoices as (
    select * from {{ raw('tryton', 'account_invoice') }}
),

companies as (
    select
        companies.source_id,
        companies.id,
        companies.currency,
        described.company_id,
        described.time_zone
    from {{ raw('tryton', 'company_company') }} as companies
    inner join {{ ref('stg_tryton__companies') }} as described
        on described.company_id = {{ key('companies.source_id', 'company.company', 'companies.id') }}
),

rates as (
    select * from {{ ref('stg_tryton__currency_rates') }}
),

moves as (
    select * from {{ raw('tryton', 'account_move') }}
),

line_totals as (
    select
        source_id,
        invoice_id,
        sum(amount) as amount,
        min(sale_id) as sale_id,
        min(corrected_invoice_id) as corrected_invoice_id,
        min(case when is_deposit then 1 else 0 end) = 1 as is_deposit
    from {{ ref('stg_tryton__invoice_lines') }}
    group by source_id, invoice_id
),

-- What the books say of it: its value there, and the day on which its last instalment was matched.
booked as (
    select
        source_id,
        invoice_id,
        sum(company_amount) as company_amount,
        max(case when reconciliation is not null then reconciled_on end) as settled_on
    from {{ ref('stg_tryton__receivable_lines') }}
    where part = 'instalment'
    group by source_id, invoice_id
),

described as (
    select
        invoices.*,
        companies.company_id,
        companies.time_zone,
        own_rates.currency_code as company_currency_code,
        foreign_rates.currency_code,
        {{ tryton_conversion('own_rates.rate', 'foreign_rates.rate') }} as conversion,
        coalesce(invoices.untaxed_amount_cache, line_totals.amount, 0) as signed_amount,
        invoices.total_amount_cache as signed_total,
        booked.company_amount as signed_company_total,
        booked.settled_on,
        moves.create_date as posted_at,
        line_totals.sale_id,
        line_totals.corrected_invoice_id,
        coalesce(line_totals.is_deposit, false) as is_deposit
    from invoices
    inner join companies
        on invoices.source_id = companies.source_id and invoices.company = companies.id
    left join rates as own_rates
        on
            companies.source_id = own_rates.source_id
            and companies.currency = own_rates.currency_id
            and {{ stated_day('invoices.invoice_date', 'invoices.create_date') }} >= own_rates.valid_from
            and {{ stated_day('invoices.invoice_date', 'invoices.create_date') }} < own_rates.valid_before
    left join rates as foreign_rates
        on
            invoices.source_id = foreign_rates.source_id
            and invoices.currency = foreign_rates.currency_id
            and {{ stated_day('invoices.invoice_date', 'invoices.create_date') }} >= foreign_rates.valid_from
            and {{ stated_day('invoices.invoice_date', 'invoices.create_date') }} < foreign_rates.valid_before
    left join line_totals
        on invoices.source_id = line_totals.source_id and invoices.id = line_totals.invoice_id
    left join booked
        on invoices.source_id = booked.source_id and invoices.id = booked.invoice_id
    left join moves
        on invoices.source_id = moves.source_id and invoices.move = moves.id
)

select
    *,
    case
        when coalesce(signed_total, signed_amount) < 0 then 'credit_note'
        when is_deposit then 'deposit_invoice'
        else 'invoice'
    end as document_type,
    case when coalesce(signed_total, signed_amount) < 0 then -1 else 1 end as direction
from described

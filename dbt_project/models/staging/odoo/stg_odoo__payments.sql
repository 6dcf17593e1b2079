-- One row per payment received from a customer, or paid back.
with

payments as (
    select * from {{ ref('stg_odoo__customer_payments') }}
),

method_lines as (
    select * from {{ raw('odoo', 'account_payment_method_line') }}
),

methods as (
    select * from {{ raw('odoo', 'account_payment_method') }}
),

method_map as (
    select * from {{ ref('payment_method_map') }}
    where system = 'odoo'
),

companies as (
    select * from {{ ref('stg_odoo__companies') }}
),

allocations as (
    select * from {{ ref('stg_odoo__payment_allocations') }}
),

deposit_payments as (
    select distinct allocations.payment_id
    from allocations
    inner join {{ ref('stg_odoo__receivable_lines') }} as receivable_lines
        on
            allocations.instalment_id
            = {{ key('receivable_lines.source_id', 'account.move.line', 'receivable_lines.line_id') }}
    where receivable_lines.document_type = 'deposit_invoice'
),

described as (
    select
        payments.*,
        companies.country_code,
        -- What the house calls the method says more than Odoo's technical `manual`.
        case
            when payments.payment_method_line_id is null then 'unknown'
            else coalesce(by_name.payment_method, by_code.payment_method, 'unknown')
        end as stated_method,
        deposit_payments.payment_id is not null as is_deposit
    from payments
    left join method_lines
        on payments.source_id = method_lines.source_id and payments.payment_method_line_id = method_lines.id
    left join methods
        on method_lines.source_id = methods.source_id and method_lines.payment_method_id = methods.id
    left join method_map as by_name on lower(method_lines.name) = by_name.source_method
    left join method_map as by_code on lower(methods.code) = by_code.source_method
    left join companies
        on companies.company_id = {{ key('payments.source_id', 'res.company', 'payments.company_id') }}
    left join deposit_payments on payments.payment_key = deposit_payments.payment_id
),

final as (
    select
        source_id,
        'odoo' as source_system,
        payment_key as payment_id,
        {{ key('source_id', 'res.company', 'company_id') }} as company_id,
        {{ key('source_id', 'res.partner', 'partner_id') }} as customer_id,
        move_name as payment_number,
        -- Whatever it is called, a receipt on a bills account is a bill.
        case
            when not is_bill or stated_method in ('lcr', 'bor', 'riba') then stated_method
            when country_code = 'IT' then 'riba'
            else 'lcr'
        end as payment_method,
        payment_date,
        case when is_bill then payment_date end as issued_on,
        maturity_date,
        cleared_on,
        currency_code,
        cleared_amount - written_off_amount as amount,
        company_cleared_amount - company_written_off_amount as company_amount,
        written_off_amount,
        company_written_off_amount,
        is_deposit,
        account_code
    from described
)

{{ conform('payments', lacks=['remitted_on', 'discounted_on', 'value_date']) }}

-- One row per payment that a bank returned.
with

returns as (
    select * from {{ raw('odoo', 'payment_return') }}
    where state = 'done'
),

return_lines as (
    select * from {{ raw('odoo', 'payment_return_line') }}
),

reasons as (
    select * from {{ raw('odoo', 'payment_return_reason') }}
),

links as (
    select * from {{ raw('odoo', 'account_move_line_payment_return_line_rel') }}
),

receivable_lines as (
    select * from {{ ref('stg_odoo__receivable_lines') }}
    where part = 'payment'
),

payments as (
    select * from {{ ref('stg_odoo__customer_payments') }}
),

returned as (
    select distinct
        links.source_id,
        links.line_id,
        coalesce(
            {{ key('receivable_lines.source_id', 'account.payment', 'receivable_lines.payment_id') }},
            {{ key('receivable_lines.source_id', 'account.move.line', 'receivable_lines.line_id') }}
        ) as payment_key
    from links
    inner join receivable_lines
        on links.source_id = receivable_lines.source_id and links.move_line_id = receivable_lines.line_id
),

identified as (
    select
        return_lines.source_id,
        return_lines.id,
        returns.company_id,
        coalesce(
            returned.payment_key,
            payments_by_number.payment_key,
            return_lines.source_id || '/account.payment/unknown'
        ) as payment_key,
        coalesce(return_lines.date, returns.date) as rejected_on,
        reasons.name as reason,
        return_lines.amount,
        return_lines.expense_amount,
        count(*) over (partition by return_lines.source_id, return_lines.id) as payments_returned
    from return_lines
    inner join returns
        on return_lines.source_id = returns.source_id and return_lines.return_id = returns.id
    left join reasons
        on return_lines.source_id = reasons.source_id and return_lines.reason_id = reasons.id
    left join returned
        on return_lines.source_id = returned.source_id and return_lines.id = returned.line_id
    -- The bank's reference, where the line names no payment.
    left join payments as payments_by_number
        on
            return_lines.source_id = payments_by_number.source_id
            and return_lines.reference = payments_by_number.move_name
            and returned.payment_key is null
),

final as (
    select
        identified.source_id,
        'odoo' as source_system,
        {{ key('identified.source_id', 'payment.return.line', 'identified.id') }}
        || '/'
        || identified.payment_key as payment_rejection_id,
        {{ key('identified.source_id', 'res.company', 'identified.company_id') }} as company_id,
        identified.payment_key as payment_id,
        identified.rejected_on,
        identified.reason,
        case
            when identified.payments_returned > 1 then payments.cleared_amount - payments.written_off_amount
            else identified.amount
        end as amount,
        case
            when
                identified.payments_returned > 1
                or identified.amount = payments.cleared_amount - payments.written_off_amount
                then payments.company_cleared_amount - payments.company_written_off_amount
            else
                {{ money(
                    'identified.amount * coalesce(' ~ ratio('payments.company_cleared_amount',
                    'payments.cleared_amount') ~ ', 1)'
                ) }}
        end as company_amount,
        identified.expense_amount as fee_amount
    from identified
    left join payments on identified.payment_key = payments.payment_key
)

{{ conform('payment_rejections', lacks=['instalment_id']) }}

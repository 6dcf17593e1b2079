-- One row per invoice, deposit invoice or credit note of Odoo, with what its lines and log say of it.
{{ config(materialized='table') }}

with

moves as (
    select *
    from {{ raw('odoo', 'account_move') }}
    where move_type in ('out_invoice', 'out_refund', 'out_receipt')
),

invoice_lines as (
    select *
    from {{ raw('odoo', 'account_move_line') }}
    where coalesce(display_type, 'product') = 'product'
),

billed_lines as (
    select * from {{ raw('odoo', 'sale_order_line_invoice_rel') }}
),

order_lines as (
    select * from {{ raw('odoo', 'sale_order_line') }}
),

line_facts as (
    select
        invoice_lines.source_id,
        invoice_lines.move_id,
        count(*) as billed,
        sum(case when coalesce(invoice_lines.is_downpayment, false) then 1 else 0 end) as deposits,
        min(order_lines.order_id) as order_id
    from invoice_lines
    inner join moves
        on invoice_lines.source_id = moves.source_id and invoice_lines.move_id = moves.id
    left join billed_lines
        on
            invoice_lines.source_id = billed_lines.source_id
            and invoice_lines.id = billed_lines.invoice_line_id
    left join order_lines
        on billed_lines.source_id = order_lines.source_id and billed_lines.order_line_id = order_lines.id
    group by invoice_lines.source_id, invoice_lines.move_id
),

-- Tax that the customer keeps: split payment and withholding book it once more, on the other side.
withheld as (
    select
        tax_lines.source_id,
        tax_lines.move_id,
        {{ money('abs(sum(tax_lines.amount_currency))') }} as withheld_amount,
        {{ money('abs(sum(tax_lines.balance))') }} as company_withheld_amount
    from {{ raw('odoo', 'account_move_line') }} as tax_lines
    inner join moves
        on tax_lines.source_id = moves.source_id and tax_lines.move_id = moves.id
    where
        tax_lines.display_type = 'tax'
        and (
            (moves.move_type <> 'out_refund' and tax_lines.balance > 0)
            or (moves.move_type = 'out_refund' and tax_lines.balance < 0)
        )
    group by tax_lines.source_id, tax_lines.move_id
),

-- When the last match that settled the invoice was made.
settlements as (
    select
        receivable_lines.source_id,
        receivable_lines.move_id,
        max(matches.create_date) as settled_at
    from (
        select
            source_id,
            debit_move_id as line_id,
            create_date
        from {{ raw('odoo', 'account_partial_reconcile') }}
        union all
        select
            source_id,
            credit_move_id,
            create_date
        from {{ raw('odoo', 'account_partial_reconcile') }}
    ) as matches
    inner join {{ raw('odoo', 'account_move_line') }} as receivable_lines
        on matches.source_id = receivable_lines.source_id and matches.line_id = receivable_lines.id
    inner join moves
        on receivable_lines.source_id = moves.source_id and receivable_lines.move_id = moves.id
    group by receivable_lines.source_id, receivable_lines.move_id
),

log as (
    select
        source_id,
        res_id as move_id,
        min(case when field_name = 'state' and to_value = 'posted' then occurred_at end) as posted_at,
        max(case when field_name = 'state' and to_value = 'cancel' then occurred_at end) as cancelled_at,
        max(
            case
                when
                    field_name = 'payment_state' and to_value in ('paid', 'reversed', 'in_payment')
                    then occurred_at
            end
        ) as paid_at,
        max(case when field_name = 'l10n_it_edi_state' and to_value = 'rejected' then occurred_at end)
            as rejected_at
    from {{ ref('stg_odoo__status_changes') }}
    where model = 'account.move'
    group by source_id, res_id
)

select
    moves.*,
    case
        when moves.move_type = 'out_refund' then 'credit_note'
        when line_facts.billed > 0 and line_facts.billed = line_facts.deposits then 'deposit_invoice'
        else 'invoice'
    end as document_type,
    case when moves.move_type = 'out_refund' then -1 else 1 end as direction,
    line_facts.order_id,
    case
        when moves.state <> 'posted' then moves.state
        -- An e-invoice that the platform rejected was never issued.
        when moves.l10n_it_edi_state = 'rejected' then 'posted:rejected'
        else 'posted:' || coalesce(moves.payment_state, 'not_paid')
    end as invoice_status,
    moves.state = 'posted' and coalesce(moves.l10n_it_edi_state, '') <> 'rejected' as is_issued,
    case when moves.state <> 'draft' then coalesce(log.posted_at, moves.create_date) end as posted_at,
    case when moves.state = 'cancel' then coalesce(log.cancelled_at, moves.write_date) end as cancelled_at,
    moves.state = 'posted'
    and coalesce(moves.payment_state, 'not_paid') in ('paid', 'in_payment', 'reversed') as is_settled,
    case
        when moves.state = 'posted' and moves.payment_state in ('paid', 'in_payment', 'reversed')
            then greatest(
                coalesce(log.paid_at, settlements.settled_at, log.posted_at, moves.create_date),
                coalesce(log.posted_at, moves.create_date)
            )
    end as settled_at,
    log.paid_at is not null as is_payment_logged,
    coalesce(withheld.withheld_amount, 0) as withheld_amount,
    coalesce(withheld.company_withheld_amount, 0) as company_withheld_amount,
    case when moves.l10n_it_edi_state = 'rejected' then coalesce(log.rejected_at, moves.write_date) end
        as rejected_at
from moves
left join line_facts
    on moves.source_id = line_facts.source_id and moves.id = line_facts.move_id
left join withheld
    on moves.source_id = withheld.source_id and moves.id = withheld.move_id
left join settlements
    on moves.source_id = settlements.source_id and moves.id = settlements.move_id
left join log
    on moves.source_id = log.source_id and moves.id = log.move_id

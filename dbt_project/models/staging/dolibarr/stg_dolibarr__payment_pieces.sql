-- One row per part of a payment that went to one invoice: what it settles of it, or takes back.
{{ config(materialized='table') }}

with

pieces as (
    select * from {{ raw('dolibarr', 'llx_paiement_facture') }}
),

payments as (
    select * from {{ raw('dolibarr', 'llx_paiement') }}
),

invoices as (
    select * from {{ ref('stg_dolibarr__invoices') }}
),

payment_modes as (
    select * from {{ raw('dolibarr', 'llx_c_paiement') }}
),

debited_invoices as (
    select source_id, fk_facture, fk_prelevement_lignes from {{ raw('dolibarr', 'llx_prelevement') }}
    union distinct
    select source_id, fk_facture, fk_prelevement_lignes from {{ raw('dolibarr', 'llx_prelevement_facture') }}
),

rejections as (
    select
        rejections.source_id,
        rejections.rowid as rejection,
        cast(rejections.date_rejet as date) as rejected_on,
        debited_invoices.fk_facture as invoice,
        row_number() over (
            partition by rejections.source_id, debited_invoices.fk_facture, cast(rejections.date_rejet as date) order by rejections.rowid
        ) as position
    from {{ raw('dolibarr', 'llx_prelevement_rejet') }} as rejections
    inner join debited_invoices
        on
            rejections.source_id = debited_invoices.source_id
            and rejections.fk_prelevement_lignes = debited_invoices.fk_prelevement_lignes
),

described as (
    select
        pieces.source_id,
        pieces.rowid as piece,
        pieces.fk_paiement as payment,
        pieces.fk_facture as invoice,
        cast(payments.datep as date) as paid_on,
        payment_modes.code = 'PRE' as is_direct_debit,
        payments.amount as payment_amount,
        invoices.direction,
        invoices.is_owed,
        invoices.document_type,
        invoices.invoice_date,
        invoices.third_party,
        invoices.currency_code,
        case
            when invoices.currency_code <> invoices.company_currency_code then coalesce(pieces.multicurrency_amount, pieces.amount)
            else pieces.amount
        end as amount,
        pieces.amount as company_amount
    from pieces
    inner join payments
        on pieces.source_id = payments.source_id and pieces.fk_paiement = payments.rowid
    inner join invoices
        on pieces.source_id = invoices.source_id and pieces.fk_facture = invoices.invoice
    left join payment_modes
        on payments.source_id = payment_modes.source_id and payments.fk_paiement = payment_modes.id
),

-- The bank's rejection is booked as a payment below zero on its day, several of a day in their order.
negative_debits as (
    select
        *,
        row_number() over (partition by source_id, invoice, paid_on order by piece) as position,
        row_number() over (partition by source_id, invoice, paid_on, amount order by piece) as position_of_amount
    from described
    where is_direct_debit and amount < 0
),

-- What it takes back is the last debit before it, of its own amount where there is one.
reversals as (
    select
        rejections.source_id,
        rejections.rejection,
        reversal.piece,
        reversal.position_of_amount,
        debit.payment as bounced_payment,
        row_number() over (
            partition by rejections.source_id, rejections.rejection, rejections.invoice
            order by case when debit.amount = -reversal.amount then 0 else 1 end, debit.paid_on desc, debit.piece desc
        ) as preference
    from rejections
    inner join negative_debits as reversal
        on
            rejections.source_id = reversal.source_id
            and rejections.invoice = reversal.invoice
            and rejections.rejected_on = reversal.paid_on
            and rejections.position = reversal.position
    inner join described as debit
        on
            rejections.source_id = debit.source_id
            and rejections.invoice = debit.invoice
            and rejections.rejected_on >= debit.paid_on
            and debit.is_direct_debit
            and debit.amount > 0
)

select
    described.source_id,
    described.piece,
    described.payment,
    described.invoice,
    described.paid_on,
    described.invoice_date,
    described.third_party,
    described.document_type,
    described.is_owed,
    described.currency_code,
    described.direction * described.amount as amount,
    described.direction * described.company_amount as company_amount,
    -- What is paid the wrong way round undoes an earlier payment, or is set off within its own.
    described.direction * described.company_amount < 0 or described.company_amount * described.payment_amount < 0 as is_undoing,
    reversals.rejection,
    reversals.bounced_payment
from described
left join reversals
    on
        described.source_id = reversals.source_id
        and described.piece = reversals.piece
        and reversals.preference = reversals.position_of_amount

-- One row per invoice whose direct debit the bank rejected after it had been credited.
with

pieces as (
    select * from {{ ref('stg_dolibarr__payment_pieces') }}
    where rejection is not null
),

rejections as (
    select * from {{ raw('dolibarr', 'llx_prelevement_rejet') }}
),

invoices as (
    select * from {{ ref('stg_dolibarr__invoices') }}
),

final as (
    select
        pieces.source_id,
        'dolibarr' as source_system,
        {{ key('pieces.source_id', 'paiement_facture', 'pieces.piece') }} as payment_rejection_id,
        invoices.company_id,
        {{ key('pieces.source_id', 'paiement', 'pieces.bounced_payment') }} as payment_id,
        invoices.document_id || '/1' as instalment_id,
        cast(rejections.date_rejet as date) as rejected_on,
        cast(rejections.motif as {{ dbt.type_string() }}) as reason,
        -pieces.amount as amount,
        -pieces.company_amount as company_amount
    from pieces
    inner join rejections
        on pieces.source_id = rejections.source_id and pieces.rejection = rejections.rowid
    inner join invoices
        on pieces.source_id = invoices.source_id and pieces.invoice = invoices.invoice
)

{{ conform('payment_rejections', lacks=['fee_amount']) }}

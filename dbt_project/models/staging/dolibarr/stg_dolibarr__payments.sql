-- One row per payment received, or paid back on a credit note. What only undoes another payment is none of its own.
with

payments as (
    select * from {{ raw('dolibarr', 'llx_paiement') }}
),

pieces as (
    select
        source_id,
        payment,
        min(third_party) as third_party,
        min(currency_code) as currency_code,
        count(distinct currency_code) as currency_count,
        sum(case when document_type = 'credit_note' then -amount else amount end) as amount,
        sum(case when is_undoing then case when document_type = 'credit_note' then -amount else amount end else 0 end) as undoing_amount,
        sum(case when is_undoing then case when document_type = 'credit_note' then -company_amount else company_amount end else 0 end)
            as company_undoing_amount,
        min(case when is_undoing then 1 else 0 end) = 1 as only_undoes,
        min(case when document_type = 'deposit_invoice' then 1 else 0 end) = 1 as is_deposit
    from {{ ref('stg_dolibarr__payment_pieces') }}
    group by source_id, payment
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

payment_modes as (
    select * from {{ raw('dolibarr', 'llx_c_paiement') }}
),

method_map as (
    select * from {{ ref('payment_method_map') }}
    where system = 'dolibarr'
),

final as (
    select
        payments.source_id,
        'dolibarr' as source_system,
        {{ key('payments.source_id', 'paiement', 'payments.rowid') }} as payment_id,
        companies.company_id,
        {{ key('payments.source_id', 'societe', 'pieces.third_party') }} as customer_id,
        coalesce(nullif(payments.ref, ''), nullif(payments.num_paiement, '')) as payment_number,
        coalesce(method_map.payment_method, 'unknown') as payment_method,
        cast(payments.datep as date) as payment_date,
        case when pieces.currency_count = 1 then pieces.currency_code else companies.currency_code end as currency_code,
        case when pieces.currency_count = 1 then pieces.amount - pieces.undoing_amount else payments.amount - coalesce(pieces.company_undoing_amount, 0) end
            as amount,
        payments.amount - coalesce(pieces.company_undoing_amount, 0) as company_amount,
        coalesce(pieces.is_deposit, false) as is_deposit
    from payments
    inner join companies
        on companies.company_id = {{ key('payments.source_id', 'entity', 'payments.entity') }}
    left join pieces
        on payments.source_id = pieces.source_id and payments.rowid = pieces.payment
    left join payment_modes
        on payments.source_id = payment_modes.source_id and payments.fk_paiement = payment_modes.id
    left join method_map on lower(trim(payment_modes.code)) = method_map.source_method
    where not coalesce(pieces.only_undoes, false)
)

{{ conform('payments', lacks=[
    'issued_on', 'maturity_date', 'remitted_on', 'discounted_on', 'cleared_on', 'value_date', 'written_off_amount',
    'company_written_off_amount', 'account_code',
]) }}

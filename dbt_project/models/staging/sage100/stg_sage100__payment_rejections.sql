-- One row per payment that Sage marks as returned unpaid.
with

payments as (
    select * from {{ raw('sage100', 'F_CREGLEMENT') }}
    where rg_type = 0 and rg_impaye is not null and ct_numpayeur is not null
),

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

final as (
    select
        payments.source_id,
        'sage100' as source_system,
        {{ key('payments.source_id', 'F_CREGLEMENT', 'payments.rg_no') }} || '/rejection' as payment_rejection_id,
        companies.company_id,
        {{ key('payments.source_id', 'F_CREGLEMENT', 'payments.rg_no') }} as payment_id,
        payments.rg_impaye as rejected_on,
        payments.rg_montant as amount,
        payments.rg_montant as company_amount
    from payments
    inner join companies on payments.source_id = companies.source_id
)

{{ conform('payment_rejections', lacks=['instalment_id', 'reason', 'fee_amount']) }}

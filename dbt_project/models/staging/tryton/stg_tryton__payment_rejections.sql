-- One row per payment that was taken back: its entry was cancelled by another.
with

bounces as (
    select * from {{ ref('stg_tryton__receivable_lines') }}
    where part = 'bounce'
),

final as (
    select
        source_id,
        'tryton' as source_system,
        {{ key('source_id', 'payment.rejection', 'line_id') }} as payment_rejection_id,
        {{ key('source_id', 'company.company', 'company') }} as company_id,
        {{ key('source_id', 'account.move.line', 'reversed_line_id') }} as payment_id,
        date as rejected_on,
        amount,
        company_amount
    from bounces
)

{{ conform('payment_rejections', lacks=['instalment_id', 'reason', 'fee_amount']) }}

-- One row per payment that bounced by the run's as-of date.
with

payment_rejections as (

    select * from {{ ref('int_payment_rejections') }} where rejected_on <= {{ as_of_date() }}

)

select
    payment_rejections.source_id,
    payment_rejections.source_system,
    payment_rejections.payment_rejection_id,
    coalesce({{ resolved('company', 'payment_rejections.company_id') }}, 'unknown') as company_id,
    payment_rejections.payment_id,
    {{ resolved('instalment', 'payment_rejections.instalment_id') }} as instalment_id,
    payment_rejections.rejected_on,
    payment_rejections.reason,
    payment_rejections.amount,
    payment_rejections.company_amount,
    payment_rejections.fee_amount
from payment_rejections

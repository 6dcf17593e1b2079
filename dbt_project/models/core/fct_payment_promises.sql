-- One row per promise to pay made by the run's as-of date.
with

payment_promises as (

    select * from {{ ref('int_payment_promises') }} where made_on <= {{ as_of_date() }}

)

select
    payment_promises.source_id,
    payment_promises.source_system,
    payment_promises.payment_promise_id,
    coalesce({{ resolved('company', 'payment_promises.company_id') }}, 'unknown') as company_id,
    coalesce({{ resolved('customer', 'payment_promises.customer_id') }}, 'unknown') as customer_id,
    {{ resolved('instalment', 'payment_promises.instalment_id') }} as instalment_id,
    payment_promises.promised_date,
    payment_promises.amount,
    payment_promises.made_on
from payment_promises

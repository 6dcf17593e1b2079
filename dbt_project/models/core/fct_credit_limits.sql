-- One row per credit limit of a customer, with its validity.
with

credit_limits as (

    select * from {{ ref('int_credit_limits') }}

)

select
    credit_limits.source_id,
    credit_limits.source_system,
    credit_limits.credit_limit_id,
    {{ resolved('company', 'credit_limits.company_id') }} as company_id,
    {{ resolved('customer', 'credit_limits.customer_id') }} as customer_id,
    credit_limits.limit_kind,
    credit_limits.amount,
    credit_limits.currency_code,
    credit_limits.insurer,
    credit_limits.valid_from,
    credit_limits.valid_to
from credit_limits

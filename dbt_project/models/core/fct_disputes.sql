-- One row per disputed amount opened by the run's as-of date.
with

disputes as (

    select * from {{ ref('int_disputes') }} where opened_on <= {{ as_of_date() }}

)

select
    disputes.source_id,
    disputes.source_system,
    disputes.dispute_id,
    coalesce({{ resolved('company', 'disputes.company_id') }}, 'unknown') as company_id,
    coalesce({{ resolved('customer', 'disputes.customer_id') }}, 'unknown') as customer_id,
    {{ resolved('instalment', 'disputes.instalment_id') }} as instalment_id,
    {{ resolved('document', 'disputes.document_id') }} as document_id,
    disputes.amount,
    disputes.reason,
    disputes.opened_on,
    disputes.closed_on,
    disputes.claim_id
from disputes

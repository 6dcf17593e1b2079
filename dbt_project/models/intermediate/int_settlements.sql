-- One row per piece of an instalment that was settled: the allocations of the sources, and those that a
-- source erased when their payment bounced, so that the instalment shows as settled until the bounce.
with

allocations as (

    select * from {{ ref('int_payment_allocations') }}

),

rejections as (

    select
        rejections.*,
        {{ resolved('instalment', 'rejections.instalment_id') }} as known_instalment_id
    from {{ ref('int_payment_rejections') }} as rejections
    where rejections.instalment_id is not null

),

payments as (

    select * from {{ ref('int_payments') }}

),

instalments as (

    select instalment_id, issued_on from {{ ref('int_instalments') }}

),

erased as (

    select
        rejections.source_id,
        rejections.source_system,
        rejections.payment_rejection_id as payment_allocation_id,
        rejections.company_id,
        rejections.known_instalment_id as instalment_id,
        rejections.payment_id,
        greatest(payments.payment_date, instalments.issued_on) as effective_date,
        payments.currency_code,
        rejections.amount,
        rejections.company_amount
    from rejections
    inner join payments on rejections.payment_id = payments.payment_id
    inner join instalments on rejections.known_instalment_id = instalments.instalment_id
    left join allocations
        on
            rejections.payment_id = allocations.payment_id
            and rejections.known_instalment_id = allocations.instalment_id
            and allocations.effective_date <= rejections.rejected_on
    where allocations.payment_allocation_id is null

)

select
    source_id,
    source_system,
    payment_allocation_id,
    company_id,
    instalment_id,
    payment_id,
    credit_instalment_id,
    allocation_kind,
    effective_date,
    currency_code,
    amount,
    company_amount,
    false as is_erased
from allocations
union all
select
    source_id,
    source_system,
    payment_allocation_id,
    company_id,
    instalment_id,
    payment_id,
    cast(null as {{ dbt.type_string() }}) as credit_instalment_id,
    'cash' as allocation_kind,
    effective_date,
    currency_code,
    amount,
    company_amount,
    true as is_erased
from erased

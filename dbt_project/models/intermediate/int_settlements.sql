-- One row per piece of an instalment that was settled: the allocations of the sources, and those that a
-- source erased when their payment bounced, so that the instalment shows as settled until the bounce.
with

allocations as (

    select * from {{ ref('int_payment_allocations') }}

),

payments as (

    select * from {{ ref('int_payments') }}

),

instalments as (

    select * from {{ ref('int_instalments') }}

),

rejections as (

    select
        rejections.*,
        {{ resolved('instalment', 'rejections.instalment_id') }} as known_instalment_id
    from {{ ref('int_payment_rejections') }} as rejections

),

-- Bounces after which nothing is left of what their payment had settled.
unmatched as (

    select rejections.*
    from rejections
    left join allocations
        on
            rejections.payment_id = allocations.payment_id
            and allocations.effective_date <= rejections.rejected_on
            and (rejections.known_instalment_id is null or rejections.known_instalment_id = allocations.instalment_id)
    where allocations.payment_allocation_id is null

),

-- A bounce that names no instalment had settled the one of the customer that was open with just the
-- payment's amount, due on the day the bill matured, or else the oldest such.
candidates as (

    select
        unmatched.payment_rejection_id,
        instalments.instalment_id,
        rank() over (partition by unmatched.payment_rejection_id order by instalments.due_date nulls last) as age_rank
    from unmatched
    inner join payments
        on unmatched.payment_id = payments.payment_id and unmatched.amount = payments.amount
    inner join instalments
        on
            payments.company_id = instalments.company_id
            and payments.customer_id = instalments.customer_id
            and payments.currency_code = instalments.currency_code
            and payments.payment_date >= instalments.issued_on
            and coalesce(payments.maturity_date, instalments.due_date) = instalments.due_date
    left join allocations
        on
            instalments.instalment_id = allocations.instalment_id
            and allocations.effective_date <= payments.payment_date
    where unmatched.known_instalment_id is null
    group by
        unmatched.payment_rejection_id,
        instalments.instalment_id,
        instalments.due_date,
        instalments.amount_to_pay,
        payments.amount
    having instalments.amount_to_pay - coalesce(sum(allocations.amount), 0) = payments.amount

),

found as (

    select payment_rejection_id, min(instalment_id) as instalment_id
    from candidates
    where age_rank = 1
    group by payment_rejection_id
    having count(*) = 1

),

erased as (

    select
        unmatched.source_id,
        unmatched.source_system,
        unmatched.payment_rejection_id as payment_allocation_id,
        unmatched.company_id,
        instalments.instalment_id,
        unmatched.payment_id,
        greatest(payments.payment_date, instalments.issued_on) as effective_date,
        payments.currency_code,
        unmatched.amount,
        unmatched.company_amount
    from unmatched
    inner join payments on unmatched.payment_id = payments.payment_id
    left join found on unmatched.payment_rejection_id = found.payment_rejection_id
    inner join instalments
        on coalesce(unmatched.known_instalment_id, found.instalment_id) = instalments.instalment_id

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

-- One row per piece of an instalment that was settled, up to the run's as-of date; those that a bounce undid included.
with

allocations as (

    select * from {{ ref('int_settlements') }} where effective_date <= {{ as_of_date() }}

),

payments as (

    select * from {{ ref('int_payments') }}

),

methods as (

    select * from {{ ref('payment_methods') }}

),

reopened as (

    select payment_id, instalment_id, sum(amount) as amount, max(rejected_on) as rejected_on
    from {{ ref('int_reopenings') }}
    group by 1, 2

),

-- A bounce takes back the oldest allocation of the payment to the instalment first.
matched as (

    select
        allocations.*,
        payments.payment_method,
        coalesce(payments.maturity_date, payments.payment_date) as debited_on,
        coalesce(methods.bounce_days, 0) as bounce_days,
        reopened.rejected_on,
        case
            when allocations.allocation_kind in {{ kinds_that_use_payments() }} and allocations.amount > 0
                then greatest(0, least(
                    allocations.amount,
                    coalesce(reopened.amount, 0) - (sum(allocations.amount) over (
                        partition by allocations.payment_id, allocations.instalment_id
                        order by allocations.effective_date, allocations.payment_allocation_id
                        rows between unbounded preceding and current row
                    ) - allocations.amount)
                ))
            else 0
        end as reversed_amount
    from allocations
    left join payments on allocations.payment_id = payments.payment_id
    left join methods on payments.payment_method = methods.payment_method
    left join reopened
        on
            allocations.payment_id = reopened.payment_id
            and allocations.instalment_id = reopened.instalment_id

)

select
    matched.source_id,
    matched.source_system,
    matched.payment_allocation_id,
    {{ resolved('company', 'matched.company_id') }} as company_id,
    matched.instalment_id,
    matched.payment_id,
    matched.credit_instalment_id,
    matched.allocation_kind,
    matched.allocation_kind in {{ kinds_paid_with_money() }} as is_money,
    matched.payment_method,
    matched.effective_date,
    -- Issuing or remitting a bill is not payment: it counts at maturity once it can no longer bounce.
    case
        when matched.allocation_kind not in {{ kinds_paid_with_money() }} or matched.reversed_amount = matched.amount
            then null
        when matched.bounce_days = 0 then matched.effective_date
        when {{ add_days('matched.debited_on', 'matched.bounce_days') }} < {{ as_of_date() }}
            then greatest(matched.effective_date, matched.debited_on)
    end as paid_on,
    case when matched.reversed_amount > 0 then matched.rejected_on end as reversed_on,
    matched.currency_code,
    matched.amount,
    matched.company_amount,
    {{ money('matched.reversed_amount') }} as reversed_amount,
    -- No bounce speaks of an amount in company currency alone: it is kept whole.
    coalesce(
        {{ apportioned('matched.company_amount', 'matched.amount - matched.reversed_amount', 'matched.amount') }},
        matched.company_amount
    ) as company_kept_amount,
    matched.is_erased
from matched

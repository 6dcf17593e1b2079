-- On every as-of date the aging of a company and currency, bills aside, is what was invoiced less what was received,
-- bounces added back, less what was settled without money: counted from the sources, without the intervals.
with

as_of_dates as (

    select distinct as_of_date from {{ ref('aging') }}

),

settlements as (

    select
        settlements.*,
        payments.currency_code as payment_currency_code,
        coalesce(payments.written_off_amount, 0) as written_off_amount,
        case when instalments.amount_to_pay < 0 then -1 else 1 end as direction,
        greatest(settlements.effective_date, instalments.issued_on) as settled_on
    from {{ ref('int_payment_allocations') }} as settlements
    inner join {{ ref('int_instalments') }} as instalments on settlements.instalment_id = instalments.instalment_id
    left join {{ ref('int_payments') }} as payments on settlements.payment_id = payments.payment_id

),

movements as (

    select company_id, currency_code, issued_on as moved_on, amount_to_pay as amount
    from {{ ref('int_instalments') }}
    union all
    select company_id, currency_code, payment_date, -amount - coalesce(written_off_amount, 0)
    from {{ ref('int_payments') }}
    union all
    select
        payments.company_id,
        payments.currency_code,
        greatest(rejections.rejected_on, payments.payment_date),
        case when payments.amount < 0 then -rejections.amount else rejections.amount end
    from {{ ref('int_payment_rejections') }} as rejections
    inner join {{ ref('int_payments') }} as payments on rejections.payment_id = payments.payment_id
    union all
    select company_id, currency_code, settled_on, -direction * amount
    from settlements
    where
        credit_instalment_id is null
        and (payment_id is null or (allocation_kind not in {{ kinds_that_use_payments() }} and written_off_amount = 0))

),

-- A payment in another currency moves two of them: those are left to the tie-out with the ledger.
mixed as (

    select distinct company_id, currency_code from settlements where currency_code <> payment_currency_code
    union
    select distinct company_id, payment_currency_code from settlements where currency_code <> payment_currency_code

),

daily_movements as (

    select
        {{ resolved('company', 'movements.company_id') }} as company_id,
        movements.currency_code,
        movements.moved_on,
        movements.amount
    from movements
    left join mixed
        on movements.company_id = mixed.company_id and movements.currency_code = mixed.currency_code
    where mixed.company_id is null

),

expected as (

    select
        as_of_dates.as_of_date,
        daily_movements.company_id,
        daily_movements.currency_code,
        sum(daily_movements.amount) as amount
    from daily_movements
    inner join as_of_dates on daily_movements.moved_on <= as_of_dates.as_of_date
    group by 1, 2, 3

),

actual as (

    select as_of_date, company_id, currency_code, sum(open_amount) as amount
    from {{ ref('aging') }}
    where account_role not in ('bills_in_hand', 'bills_discounted')
    group by 1, 2, 3

)

select
    expected.as_of_date,
    expected.company_id,
    expected.currency_code,
    expected.amount as expected_amount,
    coalesce(actual.amount, 0) as aging_amount
from expected
left join actual
    on
        expected.as_of_date = actual.as_of_date
        and expected.company_id = actual.company_id
        and expected.currency_code = actual.currency_code
where abs(expected.amount - coalesce(actual.amount, 0)) >= 0.01

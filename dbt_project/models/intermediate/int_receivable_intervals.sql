-- One row per receivable position, account role and first day of an open amount: the balance of each
-- instalment, unapplied payment and bill over time, from its first day to the run's as-of date.
--
-- Every event is a signed movement of a position on a day. A position sits in one account role at a
-- time; a bill in hand, then discounted, a factored instalment in two, one after the other: those are
-- its segments. Movements cumulated within their segment are the open amount. What an allocation takes
-- off an instalment it takes off the payment too, so the total of a role never depends on the matching.
with

methods as (

    select * from {{ ref('payment_methods') }}

),

account_roles as (

    select
        {{ resolved('company', 'roles.company_id') }} as company_id,
        roles.account_prefix,
        roles.account_role,
        roles.valid_from,
        roles.valid_to
    from {{ ref('int_account_roles') }} as roles

),

instalments as (

    select
        instalments.instalment_id,
        {{ resolved('company', 'instalments.company_id') }} as company_id,
        {{ resolved('customer', 'instalments.customer_id') }} as customer_id,
        instalments.currency_code,
        instalments.issued_on,
        instalments.due_date,
        instalments.account_code,
        instalments.factored_on,
        instalments.amount_to_pay,
        instalments.company_amount_to_pay,
        case when instalments.amount_to_pay < 0 then -1 else 1 end as direction
    from {{ ref('int_instalments') }} as instalments

),

-- Sources that know when the ledger moved a bill out of its account are believed when they say it did not.
clearing_known as (

    select source_id, max(case when cleared_on is not null then 1 else 0 end) = 1 as knows_clearing
    from {{ ref('int_payments') }}
    group by 1

),

payments as (

    select
        payments.payment_id,
        {{ resolved('company', 'payments.company_id') }} as company_id,
        {{ resolved('customer', 'payments.customer_id') }} as customer_id,
        payments.currency_code,
        payments.payment_date,
        payments.maturity_date,
        payments.discounted_on,
        payments.account_code,
        payments.is_deposit,
        payments.amount,
        payments.company_amount,
        coalesce(payments.written_off_amount, 0) as written_off_amount,
        coalesce(payments.company_written_off_amount, 0) as company_written_off_amount,
        case when payments.amount < 0 then -1 else 1 end as direction,
        methods.is_bill
        and coalesce(payments.maturity_date, payments.discounted_on, payments.cleared_on) is not null as is_bill,
        case
            when payments.cleared_on is not null or clearing_known.knows_clearing then payments.cleared_on
            else {{ add_days('payments.maturity_date', 'methods.bounce_days + 1') }}
        end as bill_ends_on
    from {{ ref('int_payments') }} as payments
    left join methods on payments.payment_method = methods.payment_method
    left join clearing_known on payments.source_id = clearing_known.source_id

),

-- An allocation takes effect when both of its sides exist, whatever day it was made.
allocations as (

    select
        allocations.instalment_id,
        allocations.payment_id,
        allocations.credit_instalment_id,
        allocations.allocation_kind in {{ kinds_that_use_payments() }} as uses_payment_amount,
        allocations.allocation_kind in {{ kinds_that_use_payments() }}
        or coalesce(payments.written_off_amount, 0) <> 0 as uses_payment,
        greatest(
            allocations.effective_date,
            instalments.issued_on,
            coalesce(payments.payment_date, allocations.effective_date),
            coalesce(credits.issued_on, allocations.effective_date)
        ) as effective_date,
        allocations.amount,
        allocations.company_amount,
        case
            when allocations.currency_code = payments.currency_code then allocations.amount
            else {{ apportioned('allocations.company_amount', 'payments.amount', 'payments.company_amount') }}
        end as payment_amount
    from {{ ref('int_settlements') }} as allocations
    inner join instalments on allocations.instalment_id = instalments.instalment_id
    left join payments on allocations.payment_id = payments.payment_id
    left join instalments as credits on allocations.credit_instalment_id = credits.instalment_id

),

reopenings as (

    select
        reopenings.instalment_id,
        reopenings.payment_id,
        reopenings.rejected_on,
        reopenings.amount,
        reopenings.company_amount,
        case
            when reopenings.currency_code = payments.currency_code then reopenings.amount
            else {{ apportioned('reopenings.company_amount', 'payments.amount', 'payments.company_amount') }}
        end as payment_amount
    from {{ ref('int_reopenings') }} as reopenings
    inner join payments on reopenings.payment_id = payments.payment_id

),

rejections as (

    select * from {{ ref('int_payment_rejections') }}

),

-- What a payment settles of an instalment, and what a bounce takes back from it.
settlements as (

    select instalment_id, payment_id, effective_date as moved_on, company_amount, payment_amount, uses_payment_amount
    from allocations
    where payment_id is not null and uses_payment
    union all
    select instalment_id, payment_id, rejected_on, -company_amount, -payment_amount, true
    from reopenings

),

instalment_movements as (

    select
        instalment_id,
        issued_on as moved_on,
        amount_to_pay as amount,
        company_amount_to_pay as company_amount
    from instalments
    union all
    select
        instalments.instalment_id,
        allocations.effective_date,
        -instalments.direction * allocations.amount,
        -instalments.direction * allocations.company_amount
    from allocations
    inner join instalments on allocations.instalment_id = instalments.instalment_id
    union all
    select
        credits.instalment_id,
        allocations.effective_date,
        -credits.direction * allocations.amount,
        -credits.direction * allocations.company_amount
    from allocations
    inner join instalments as credits on allocations.credit_instalment_id = credits.instalment_id
    union all
    select
        instalments.instalment_id,
        reopenings.rejected_on,
        instalments.direction * reopenings.amount,
        instalments.direction * reopenings.company_amount
    from reopenings
    inner join instalments on reopenings.instalment_id = instalments.instalment_id

),

-- What of a payment is not matched yet, as what we owe the customer: negative.
payment_movements as (

    select
        payment_id,
        payment_date as moved_on,
        -amount - written_off_amount as amount,
        -company_amount - company_written_off_amount as company_amount
    from payments
    union all
    select
        payments.payment_id,
        settlements.moved_on,
        payments.direction * settlements.payment_amount,
        payments.direction * settlements.company_amount
    from settlements
    inner join payments on settlements.payment_id = payments.payment_id
    union all
    select
        payments.payment_id,
        greatest(rejections.rejected_on, payments.payment_date),
        payments.direction * rejections.amount,
        payments.direction * rejections.company_amount
    from rejections
    inner join payments on rejections.payment_id = payments.payment_id

),

-- A bill is an asset from its receipt on: per instalment that it settles, and the rest without one.
bill_movements as (

    select
        payment_id || '>' as position_id,
        payment_id,
        cast(null as {{ dbt.type_string() }}) as instalment_id,
        payment_date as moved_on,
        amount,
        company_amount
    from payments
    where is_bill
    union all
    select
        payments.payment_id || '>',
        payments.payment_id,
        cast(null as {{ dbt.type_string() }}),
        greatest(rejections.rejected_on, payments.payment_date),
        -payments.direction * rejections.amount,
        -payments.direction * rejections.company_amount
    from rejections
    inner join payments on rejections.payment_id = payments.payment_id
    where payments.is_bill
    union all
    select
        payments.payment_id || '>',
        payments.payment_id,
        cast(null as {{ dbt.type_string() }}),
        settlements.moved_on,
        -payments.direction * settlements.payment_amount,
        -payments.direction * settlements.company_amount
    from settlements
    inner join payments on settlements.payment_id = payments.payment_id
    where payments.is_bill and settlements.uses_payment_amount
    union all
    select
        payments.payment_id || '>' || settlements.instalment_id,
        payments.payment_id,
        settlements.instalment_id,
        settlements.moved_on,
        payments.direction * settlements.payment_amount,
        payments.direction * settlements.company_amount
    from settlements
    inner join payments on settlements.payment_id = payments.payment_id
    where payments.is_bill and settlements.uses_payment_amount

),

accounts_used as (

    select company_id, account_code, issued_on as used_on from instalments
    union all
    select company_id, account_code, payment_date from payments

),

{{ account_roles_on('accounts_used', 'account_code', 'used_on') }},

instalment_roles as (

    select
        instalments.*,
        case
            when instalments.account_code is null then 'trade'
            else coalesce(account_roles_on.account_role, 'unknown')
        end as account_role
    from instalments
    left join account_roles_on
        on
            instalments.company_id = account_roles_on.company_id
            and instalments.account_code = account_roles_on.account_code
            and instalments.issued_on = account_roles_on.on_date

),

payment_roles as (

    select
        payments.*,
        case
            when payments.account_code is null and payments.is_deposit then 'deposits'
            when payments.account_code is null then 'trade'
            else coalesce(account_roles_on.account_role, 'unknown')
        end as account_role
    from payments
    left join account_roles_on
        on
            payments.company_id = account_roles_on.company_id
            and payments.account_code = account_roles_on.account_code
            and payments.payment_date = account_roles_on.on_date

),

-- Every movement of a position with each segment of that position: role, first day, first day after.
segmented as (

    select
        instalment_movements.instalment_id as position_id,
        instalment_roles.account_role,
        instalment_movements.moved_on,
        instalment_movements.amount,
        instalment_movements.company_amount,
        cast('1900-01-01' as date) as segment_from,
        instalment_roles.factored_on as segment_until
    from instalment_movements
    inner join instalment_roles on instalment_movements.instalment_id = instalment_roles.instalment_id
    union all
    select
        instalment_movements.instalment_id,
        'factor',
        instalment_movements.moved_on,
        instalment_movements.amount,
        instalment_movements.company_amount,
        instalments.factored_on,
        cast(null as date)
    from instalment_movements
    inner join instalments on instalment_movements.instalment_id = instalments.instalment_id
    where instalments.factored_on is not null
    union all
    select
        payment_movements.payment_id,
        payment_roles.account_role,
        payment_movements.moved_on,
        payment_movements.amount,
        payment_movements.company_amount,
        cast('1900-01-01' as date),
        cast(null as date)
    from payment_movements
    inner join payment_roles on payment_movements.payment_id = payment_roles.payment_id
    union all
    select
        bill_movements.position_id,
        'bills_in_hand',
        bill_movements.moved_on,
        bill_movements.amount,
        bill_movements.company_amount,
        cast('1900-01-01' as date),
        least(payments.discounted_on, payments.bill_ends_on)
    from bill_movements
    inner join payments on bill_movements.payment_id = payments.payment_id
    union all
    select
        bill_movements.position_id,
        'bills_discounted',
        bill_movements.moved_on,
        bill_movements.amount,
        bill_movements.company_amount,
        payments.discounted_on,
        payments.bill_ends_on
    from bill_movements
    inner join payments on bill_movements.payment_id = payments.payment_id
    where payments.discounted_on is not null

),

entered as (

    select *, greatest(moved_on, segment_from) as entered_on
    from segmented
    where segment_until is null or greatest(moved_on, segment_from) < segment_until

),

changes as (

    select position_id, account_role, entered_on as changed_on, amount, company_amount
    from entered
    where entered_on <= {{ as_of_date() }}
    union all
    select position_id, account_role, segment_until, -amount, -company_amount
    from entered
    where segment_until <= {{ as_of_date() }}

),

-- What is matched on the day it arrives never stands open.
daily_changes as (

    select
        position_id,
        account_role,
        changed_on,
        sum(amount) as amount,
        sum(company_amount) as company_amount
    from changes
    group by 1, 2, 3
    having sum(amount) <> 0 or sum(company_amount) <> 0

),

balances as (

    select
        *,
        sum(amount) over (
            partition by position_id, account_role
            order by changed_on
            rows between unbounded preceding and current row
        ) as open_amount,
        sum(company_amount) over (
            partition by position_id, account_role
            order by changed_on
            rows between unbounded preceding and current row
        ) as company_open_amount,
        lead(changed_on) over (partition by position_id, account_role order by changed_on) as next_changed_on
    from daily_changes

),

-- Nothing is open where nothing is owed in the currency of the item: what rounding leaves in company currency is
-- an exchange difference. Only an item without any amount in its own currency is open in company currency alone.
open_balances as (

    select *
    from balances
    where
        round(open_amount, 2) <> 0
        or (
            round(company_open_amount, 2) <> 0
            and position_id in (select instalments.instalment_id from instalments where instalments.amount_to_pay = 0)
        )

),

positions as (

    select
        instalment_id as position_id,
        'instalment' as position_type,
        instalment_id,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        company_id,
        customer_id,
        currency_code,
        due_date
    from instalments
    union all
    select
        payment_id as position_id,
        'payment',
        cast(null as {{ dbt.type_string() }}),
        payment_id,
        company_id,
        customer_id,
        currency_code,
        cast(null as date)
    from payments
    union all
    select
        bills.position_id,
        'bill',
        bills.instalment_id,
        bills.payment_id,
        payments.company_id,
        payments.customer_id,
        payments.currency_code,
        payments.maturity_date
    from (select distinct position_id, instalment_id, payment_id from bill_movements) as bills
    inner join payments on bills.payment_id = payments.payment_id

)

select
    positions.position_id,
    positions.position_type,
    positions.instalment_id,
    positions.payment_id,
    positions.company_id,
    positions.customer_id,
    positions.currency_code,
    open_balances.account_role,
    positions.due_date,
    open_balances.changed_on as valid_from,
    {{ add_days('open_balances.next_changed_on', -1) }} as valid_to,
    {{ money('open_balances.open_amount') }} as open_amount,
    {{ money('open_balances.company_open_amount') }} as company_open_amount
from open_balances
inner join positions on open_balances.position_id = positions.position_id

-- One row per as-of date, open item and account role: what customers owe, or are owed, on that day;
-- as-of dates are the run's own and every month end before it.
--
-- An item is an instalment, a credit note's instalment, a payment not matched yet, or a bill
-- (per instalment that it settles). Amounts are signed, so that the sum of the open amounts is
-- the open receivables; what can be late has its own column, and so have unapplied cash and credits.
with

as_of_dates as (

    select date_day as as_of_date
    from {{ ref('dim_date') }}
    where is_month_end and date_day < {{ as_of_date() }}
    union
    select {{ as_of_date() }} as as_of_date

),

intervals as (

    select * from {{ ref('int_receivable_intervals') }}

),

instalments as (

    select * from {{ ref('fct_instalments') }}

),

payments as (

    select * from {{ ref('fct_payments') }}

),

methods as (

    select * from {{ ref('payment_methods') }}

),

buckets as (

    select * from {{ ref('aging_buckets') }}

),

disputes as (

    select * from {{ ref('fct_disputes') }}

),

promises as (

    select * from {{ ref('int_promise_outcomes') }}

),

reminders as (

    select * from {{ ref('fct_dunning_actions') }}

),

open_positions as (

    select
        as_of_dates.as_of_date,
        intervals.*
    from as_of_dates
    inner join intervals on {{ holds_on('intervals.valid_from', 'intervals.valid_to', 'as_of_dates.as_of_date') }}

),

open_instalments as (

    select as_of_date, instalment_id, open_amount
    from open_positions
    where position_type = 'instalment'

),

disputed_invoices as (

    select
        open_instalments.as_of_date,
        open_instalments.instalment_id,
        disputes.dispute_id,
        disputes.amount,
        open_instalments.open_amount,
        sum(open_instalments.open_amount) over (partition by open_instalments.as_of_date, disputes.dispute_id) as invoice_open_amount,
        row_number() over (
            partition by open_instalments.as_of_date, disputes.dispute_id
            order by instalments.due_date desc, open_instalments.instalment_id desc
        ) as position_from_end
    from disputes
    inner join instalments on disputes.document_id = instalments.document_id
    inner join open_instalments
        on
            instalments.instalment_id = open_instalments.instalment_id
            and disputes.opened_on <= open_instalments.as_of_date
            and (disputes.closed_on is null or disputes.closed_on > open_instalments.as_of_date)
    where disputes.instalment_id is null and open_instalments.open_amount > 0

),

-- A dispute that names only the invoice is spread over its open instalments, in proportion.
spread_disputes as (

    select
        *,
        {{ apportioned('amount', 'open_amount', 'invoice_open_amount') }} as part
    from disputed_invoices

),

disputed as (

    select
        as_of_date,
        instalment_id,
        sum(amount) as disputed_amount
    from (
        select open_instalments.as_of_date, open_instalments.instalment_id, disputes.amount
        from disputes
        inner join open_instalments
            on
                disputes.instalment_id = open_instalments.instalment_id
                and disputes.opened_on <= open_instalments.as_of_date
                and (disputes.closed_on is null or disputes.closed_on > open_instalments.as_of_date)
        where open_instalments.open_amount > 0
        union all
        -- The last instalment takes what rounding leaves, so that the parts add up to the dispute.
        select
            as_of_date,
            instalment_id,
            part
            + case
                when position_from_end = 1
                    then amount - sum(part) over (partition by as_of_date, dispute_id)
                else 0
            end as amount
        from spread_disputes
    ) as amounts
    group by as_of_date, instalment_id

),

-- Only the latest promise counts: it replaces those before it.
promised as (

    select as_of_date, instalment_id, promised_date, amount as promised_amount, fulfilled_on
    from (
        select
            open_instalments.as_of_date,
            open_instalments.instalment_id,
            promises.promised_date,
            promises.amount,
            promises.fulfilled_on,
            row_number() over (
                partition by open_instalments.as_of_date, open_instalments.instalment_id
                order by promises.made_on desc, promises.payment_promise_id desc
            ) as recency
        from promises
        inner join open_instalments
            on
                promises.instalment_id = open_instalments.instalment_id
                and promises.made_on <= open_instalments.as_of_date
    ) as ranked
    where recency = 1

),

reminded as (

    select
        open_instalments.as_of_date,
        open_instalments.instalment_id,
        max(reminders.level) as dunning_level,
        max(reminders.action_date) as last_reminded_on
    from reminders
    inner join open_instalments
        on
            reminders.instalment_id = open_instalments.instalment_id
            and reminders.action_date <= open_instalments.as_of_date
    where coalesce(reminders.result, 'sent') <> 'failed'
    group by open_instalments.as_of_date, open_instalments.instalment_id

),

items as (

    select
        open_positions.as_of_date,
        open_positions.position_id as open_item_id,
        case
            when open_positions.position_type = 'bill' then 'bill'
            when open_positions.position_type = 'payment' and open_positions.open_amount > 0 then 'refund'
            when open_positions.position_type = 'payment' then 'payment'
            else instalments.item_type
        end as item_type,
        open_positions.account_role,
        open_positions.company_id,
        coalesce(open_positions.customer_id, 'unknown') as customer_id,
        open_positions.instalment_id,
        open_positions.payment_id,
        instalments.document_id,
        open_positions.valid_from as open_since,
        coalesce(instalments.issued_on, payments.payment_date) as issued_on,
        open_positions.due_date,
        open_positions.currency_code,
        case
            when open_positions.position_type = 'instalment' then instalments.amount_to_pay
            when open_positions.position_type = 'payment' then -payments.amount
            else payments.amount
        end as original_amount,
        open_positions.open_amount,
        open_positions.company_open_amount,
        open_positions.position_type = 'payment' as is_payment,
        -- A matured bill was debited, until its bounce says the contrary.
        case
            when
                open_positions.position_type <> 'bill'
                or {{ add_days('open_positions.due_date', 'coalesce(methods.bounce_days, 0)') }} < open_positions.as_of_date
                then {{ days_late('open_positions.due_date', 'open_positions.as_of_date', 'open_positions.open_amount') }}
        end as days_late,
        coalesce(disputed.disputed_amount, 0) as disputed_amount,
        promised.promised_date,
        promised.promised_amount,
        promised.fulfilled_on,
        reminded.dunning_level,
        reminded.last_reminded_on
    from open_positions
    left join instalments on open_positions.instalment_id = instalments.instalment_id
    left join payments on open_positions.payment_id = payments.payment_id
    left join methods on payments.payment_method = methods.payment_method
    left join disputed
        on
            open_positions.as_of_date = disputed.as_of_date
            and open_positions.position_id = disputed.instalment_id
    left join promised
        on
            open_positions.as_of_date = promised.as_of_date
            and open_positions.position_id = promised.instalment_id
    left join reminded
        on
            open_positions.as_of_date = reminded.as_of_date
            and open_positions.position_id = reminded.instalment_id

),

-- Few days, many items: the buckets are looked up once per number of days late.
aged_days as (

    select days.days_late, buckets.aging_bucket
    from (select distinct coalesce(days_late, 0) as days_late from items) as days
    inner join buckets on days.days_late between buckets.days_from and buckets.days_to

)

select
    items.as_of_date,
    items.as_of_date = {{ as_of_date() }} as is_latest,
    items.open_item_id,
    items.item_type,
    items.account_role,
    items.company_id,
    items.customer_id,
    items.instalment_id,
    items.payment_id,
    items.document_id,
    items.issued_on,
    items.due_date,
    items.open_since,
    items.currency_code,
    {{ money('items.original_amount') }} as original_amount,
    items.open_amount,
    items.company_open_amount,
    {{ money('case when not items.is_payment and items.open_amount > 0 then items.open_amount else 0 end') }} as receivable_amount,
    {{ money('case when items.is_payment then items.open_amount else 0 end') }} as unapplied_cash_amount,
    {{ money('case when not items.is_payment and items.open_amount < 0 then items.open_amount else 0 end') }} as unapplied_credit_amount,
    {{ money('case when items.days_late > 0 then items.open_amount else 0 end') }} as overdue_amount,
    {{ money('case when items.days_late > 0 then items.company_open_amount else 0 end') }} as company_overdue_amount,
    {{ money('least(items.disputed_amount, greatest(items.open_amount, 0))') }} as disputed_amount,
    items.days_late,
    case
        when items.is_payment then 'unapplied_cash'
        when items.open_amount < 0 then 'unapplied_credit'
        else aged_days.aging_bucket
    end as aging_bucket,
    items.promised_date,
    {{ money('items.promised_amount') }} as promised_amount,
    case
        when items.promised_date is null then null
        -- A promise of a part is kept although the rest is open.
        when items.fulfilled_on <= least(items.promised_date, items.as_of_date) then 'kept'
        when items.promised_date < items.as_of_date then 'broken'
        else 'pending'
    end as promise_status,
    items.dunning_level,
    items.last_reminded_on
from items
left join aged_days on coalesce(items.days_late, 0) = aged_days.days_late
-- The items of one customer together, so that a question about one of them reads a part of the table.
order by is_latest desc, customer_id asc

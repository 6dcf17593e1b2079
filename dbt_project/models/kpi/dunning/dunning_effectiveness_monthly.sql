-- One row per company, month and dunning level: reminders sent in the month and the cash that followed, promises
-- made in the month and what came of them. Level 0 is for promises that no reminder preceded.
with

actions as (

    select
        dunning_action_id,
        company_id,
        instalment_id,
        action_date,
        {{ month_of('action_date') }} as month_start,
        level as dunning_level,
        amount
    from {{ ref('fct_dunning_actions') }}
    where coalesce(result, 'sent') <> 'failed'

),

balances as (

    select
        instalment_id,
        valid_from,
        valid_to,
        company_open_amount
    from {{ ref('int_receivable_intervals') }}
    where position_type = 'instalment' and company_open_amount > 0

),

allocations as (

    select
        payment_allocation_id,
        instalment_id,
        effective_date,
        company_kept_amount as amount
    from {{ ref('fct_payment_allocations') }}
    where is_money

),

promises as (

    select
        *,
        {{ month_of('made_on') }} as month_start
    from {{ ref('int_promise_outcomes') }}

),

companies as (

    select company_id, currency_code from {{ ref('dim_company') }}

),

-- A reminder that does not say how much asks for what was open that day.
reminders as (

    select
        actions.dunning_action_id,
        actions.company_id,
        actions.instalment_id,
        actions.action_date,
        actions.month_start,
        actions.dunning_level,
        coalesce(max(actions.amount), max(balances.company_open_amount), 0) as amount
    from actions
    left join balances
        on
            actions.instalment_id = balances.instalment_id
            and {{ holds_on('balances.valid_from', 'balances.valid_to', 'actions.action_date') }}
    group by 1, 2, 3, 4, 5, 6

),

-- Cash is the work of the last reminder before it, never of two.
attributed as (

    select
        reminders.dunning_action_id,
        allocations.amount,
        {{ days_between('reminders.action_date', 'allocations.effective_date') }} as days_after,
        row_number() over (
            partition by allocations.payment_allocation_id
            order by reminders.action_date desc, reminders.dunning_level desc, reminders.dunning_action_id desc
        ) as recency
    from allocations
    inner join reminders
        on allocations.instalment_id = reminders.instalment_id and allocations.effective_date > reminders.action_date
    where allocations.amount <> 0

),

cash as (

    select
        dunning_action_id,
        sum(case when days_after <= 15 then amount else 0 end) as within_15_days,
        sum(amount) as within_30_days
    from attributed
    where recency = 1 and days_after <= 30
    group by 1

),

reminder_months as (

    select
        reminders.company_id,
        reminders.month_start,
        reminders.dunning_level,
        count(*) as reminder_count,
        sum(case when reminders.instalment_id is null then 1 else 0 end) as unassigned_count,
        sum(case when reminders.instalment_id is not null then reminders.amount else 0 end) as reminded_amount,
        sum(coalesce(cash.within_15_days, 0)) as within_15_days,
        sum(coalesce(cash.within_30_days, 0)) as within_30_days,
        sum(case when cash.within_30_days > 0 then 1 else 0 end) as answered_count
    from reminders
    left join cash on reminders.dunning_action_id = cash.dunning_action_id
    group by 1, 2, 3

),

promise_levels as (

    select
        promises.payment_promise_id,
        max(reminders.dunning_level) as dunning_level
    from promises
    inner join reminders on promises.instalment_id = reminders.instalment_id and promises.made_on >= reminders.action_date
    group by 1

),

promise_months as (

    select
        promises.company_id,
        promises.month_start,
        coalesce(promise_levels.dunning_level, 0) as dunning_level,
        count(*) as promise_count,
        {%- for outcome in ['kept', 'broken', 'replaced', 'pending'] %}
        sum(case when promises.outcome = '{{ outcome }}' then 1 else 0 end) as {{ outcome }}_count{{ ',' if not loop.last }}
        {%- endfor %}
    from promises
    left join promise_levels on promises.payment_promise_id = promise_levels.payment_promise_id
    group by 1, 2, 3

),

keys as (

    select company_id, month_start, dunning_level from reminder_months
    union
    select company_id, month_start, dunning_level from promise_months

),

matured as (

    select
        *,
        {{ add_days('cast(' ~ dbt.dateadd('month', 1, 'month_start') ~ ' as date)', 14) }} <= {{ as_of_date() }} as is_mature_15_days,
        {{ add_days('cast(' ~ dbt.dateadd('month', 1, 'month_start') ~ ' as date)', 29) }} <= {{ as_of_date() }} as is_mature_30_days
    from keys

)

select
    matured.company_id,
    matured.month_start,
    matured.dunning_level,
    companies.currency_code,
    cast(coalesce(reminder_months.reminder_count, 0) as bigint) as reminder_count,
    cast(coalesce(reminder_months.unassigned_count, 0) as bigint) as reminder_without_instalment_count,
    cast(coalesce(reminder_months.answered_count, 0) as bigint) as reminder_with_cash_count,
    {{ money('coalesce(reminder_months.reminded_amount, 0)') }} as company_reminded_amount_incl_tax,
    {{ money('coalesce(reminder_months.within_15_days, 0)') }} as company_cash_15_days_amount_incl_tax,
    {{ money('coalesce(reminder_months.within_30_days, 0)') }} as company_cash_30_days_amount_incl_tax,
    matured.is_mature_15_days,
    matured.is_mature_30_days,
    case
        when matured.is_mature_15_days
            then {{ ratio('reminder_months.within_15_days', 'reminder_months.reminded_amount') }}
    end as cash_15_days_share,
    case
        when matured.is_mature_30_days
            then {{ ratio('reminder_months.within_30_days', 'reminder_months.reminded_amount') }}
    end as cash_30_days_share,
    cast(coalesce(promise_months.promise_count, 0) as bigint) as promise_count,
    {%- for outcome in ['kept', 'broken', 'replaced', 'pending'] %}
    cast(coalesce(promise_months.{{ outcome }}_count, 0) as bigint) as promise_{{ outcome }}_count,
    {%- endfor %}
    {{ ratio('promise_months.kept_count', 'promise_months.kept_count + promise_months.broken_count') }} as promise_kept_share
from matured
inner join companies on matured.company_id = companies.company_id
left join reminder_months
    on
        matured.company_id = reminder_months.company_id
        and matured.month_start = reminder_months.month_start
        and matured.dunning_level = reminder_months.dunning_level
left join promise_months
    on
        matured.company_id = promise_months.company_id
        and matured.month_start = promise_months.month_start
        and matured.dunning_level = promise_months.dunning_level

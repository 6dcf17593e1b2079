-- One row per as-of date (the run's own), company and payer: how he paid over the last year, and whether he has left
-- his habit since the year before.
with

observations as (

    select * from {{ ref('int_payment_observations') }}

),

drifts as (

    select * from {{ ref('int_payment_drift') }}

),

methods as (

    select payment_method, bounce_days from {{ ref('payment_methods') }}

),

companies as (

    select company_id, currency_code from {{ ref('dim_company') }}

),

payments as (

    select
        payments.payment_id,
        payments.company_id,
        payments.customer_id,
        coalesce(payments.maturity_date, payments.payment_date) as debited_on
    from {{ ref('fct_payments') }} as payments
    inner join methods on payments.payment_method = methods.payment_method
    where methods.bounce_days > 0 and payments.amount > 0

),

rejections as (

    select distinct payment_id from {{ ref('fct_payment_rejections') }}

),

since as (

    select {{ add_days(as_of_date(), '-' ~ var('payment_habit_days')) }} as after_date

),

-- What was chosen by the customer has a day; what we drew is judged by its rejections.
habits as (

    select
        observations.company_id,
        observations.customer_id,
        count(*) as paid_count,
        {{ percentile('observations.days_late', 0.5) }} as median_days,
        {{ percentile('observations.days_late', 0.75) }} - {{ percentile('observations.days_late', 0.25) }} as spread_days,
        sum(observations.company_amount_to_pay) as paid_amount,
        sum(observations.company_amount_to_pay * observations.days_late) as paid_amount_days,
        sum(case when observations.days_late > {{ var('payment_grace_days') }} then 1 else 0 end) as late_count
    from observations
    cross join since
    where not observations.is_open and observations.observed_on > since.after_date
    group by 1, 2

),

open_items as (

    select
        company_id,
        customer_id,
        count(*) as item_count,
        sum(company_amount_to_pay) as amount,
        max(days_late) as max_days_late
    from observations
    where is_open
    group by 1, 2

),

drawn as (

    select
        payments.company_id,
        payments.customer_id,
        count(*) as drawn_count,
        count(rejections.payment_id) as rejected_count
    from payments
    cross join since
    left join rejections on payments.payment_id = rejections.payment_id
    where payments.debited_on > since.after_date and payments.debited_on <= {{ as_of_date() }}
    group by 1, 2

)

select
    {{ as_of_date() }} as as_of_date,
    drifts.company_id,
    drifts.customer_id,
    companies.currency_code,
    cast(coalesce(habits.paid_count, 0) as bigint) as paid_instalment_count,
    {{ ratio('habits.median_days', '1') }} as median_days_late,
    {{ ratio('habits.spread_days', '1') }} as spread_days_late,
    {{ money('coalesce(habits.paid_amount, 0)') }} as company_paid_amount_incl_tax,
    {{ money('coalesce(habits.paid_amount_days, 0)') }} as company_paid_amount_days,
    {{ ratio('habits.paid_amount_days', 'habits.paid_amount') }} as weighted_days_late,
    cast(coalesce(habits.late_count, 0) as bigint) as late_instalment_count,
    {{ ratio('habits.late_count', 'habits.paid_count') }} as late_share,
    cast(coalesce(drawn.drawn_count, 0) as bigint) as drawn_payment_count,
    cast(coalesce(drawn.rejected_count, 0) as bigint) as rejected_payment_count,
    {{ ratio('drawn.rejected_count', 'drawn.drawn_count') }} as rejected_share,
    cast(coalesce(open_items.item_count, 0) as bigint) as overdue_instalment_count,
    {{ money('coalesce(open_items.amount, 0)') }} as company_overdue_instalments_amount_incl_tax,
    open_items.max_days_late as max_days_overdue,
    drifts.drift_status,
    drifts.drift_status = 'slipping' as is_slipping,
    cast(drifts.drifting_since as date) as drifting_since,
    cast(drifts.alarmed_on as date) as alarmed_on,
    cast(drifts.baseline_count as bigint) as baseline_instalment_count,
    cast(drifts.baseline_from as date) as baseline_from,
    cast(drifts.baseline_to as date) as baseline_to,
    {{ ratio('drifts.baseline_median_days', '1') }} as baseline_median_days_late,
    {{ ratio('drifts.baseline_scale_days', '1') }} as baseline_scale_days,
    cast(drifts.monitored_count as bigint) as monitored_instalment_count,
    cast(drifts.monitored_open_count as bigint) as monitored_open_instalment_count,
    {{ ratio('drifts.recent_median_days', '1') }} as recent_median_days_late,
    {{ ratio('drifts.recent_median_days - drifts.baseline_median_days', '1') }} as shift_days,
    {{ ratio('drifts.trend_days_per_month', '1') }} as trend_days_per_month,
    {{ ratio('drifts.statistic', '1') }} as drift_statistic,
    {{ ratio('drifts.threshold', '1') }} as drift_threshold,
    {{ ratio('drifts.false_alarm_rate', '1') }} as false_alarm_rate,
    cast(drifts.replication_count as bigint) as false_alarm_replication_count
from drifts
inner join companies on drifts.company_id = companies.company_id
left join habits on drifts.company_id = habits.company_id and drifts.customer_id = habits.customer_id
left join open_items on drifts.company_id = open_items.company_id and drifts.customer_id = open_items.customer_id
left join drawn on drifts.company_id = drawn.company_id and drifts.customer_id = drawn.customer_id

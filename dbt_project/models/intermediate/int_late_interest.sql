-- One row per instalment that was or is late: the rates that run from its due date on what is open, and legal interest
-- on what was paid late, by half-year rates.
--
-- Every part of an instalment is late from the due date to its payment: adding up these parts is the same as following the
-- balance from segment to segment. What a bounce took back was never paid, what a credit note settled was never owed.
with

instalments as (

    select
        instalments.instalment_id,
        instalments.document_id,
        instalments.company_id,
        instalments.customer_id,
        greatest(instalments.due_date, instalments.issued_on) as late_from,
        instalments.company_open_amount,
        -- No interest runs in insolvency.
        least({{ as_of_date() }}, coalesce(customers.insolvent_since, {{ as_of_date() }})) as late_until,
        companies.country_code,
        customers.customer_class
    from {{ ref('fct_instalments') }} as instalments
    inner join {{ ref('dim_customer') }} as customers on instalments.customer_id = customers.customer_id
    inner join {{ ref('dim_company') }} as companies on instalments.company_id = companies.company_id
    where instalments.amount_to_pay > 0 and instalments.factored_on is null

),

methods as (

    select payment_method, bounce_days from {{ ref('payment_methods') }}

),

-- A bill or direct debit that stood was paid on the day that was agreed.
payments as (

    select
        allocations.instalment_id,
        allocations.paid_on,
        allocations.company_kept_amount as amount
    from {{ ref('fct_payment_allocations') }} as allocations
    left join methods on allocations.payment_method = methods.payment_method
    where allocations.is_money and allocations.paid_on is not null and coalesce(methods.bounce_days, 0) = 0

),

pieces as (

    select
        instalment_id,
        company_id,
        customer_id,
        document_id,
        country_code,
        customer_class,
        late_from,
        late_until,
        cast(null as date) as paid_on,
        'open' as piece,
        company_open_amount as amount
    from instalments
    where company_open_amount > 0
    union all
    select
        instalments.instalment_id,
        instalments.company_id,
        instalments.customer_id,
        instalments.document_id,
        instalments.country_code,
        instalments.customer_class,
        instalments.late_from,
        least(payments.paid_on, instalments.late_until),
        payments.paid_on,
        'paid',
        payments.amount
    from payments
    inner join instalments on payments.instalment_id = instalments.instalment_id
    where payments.amount > 0

),

late_pieces as (

    select
        *,
        {{ days_between('late_from', 'late_until') }} as late_days
    from pieces
    where late_until > late_from

),

rates as (

    select
        country_code,
        customer_class,
        valid_from,
        reference_rate_percent + added_points as rate_percent,
        follows_half_years,
        indemnity_amount,
        indemnity_currency_code,
        coalesce(
            lead(valid_from) over (partition by country_code, customer_class order by valid_from),
            cast({{ dbt.dateadd('month', 6, 'valid_from') }} as date)
        ) as valid_until
    from {{ ref('legal_late_payment_rates') }}

),

rated_classes as (

    select distinct
        country_code,
        customer_class
    from rates

),

segments as (

    select
        late_pieces.instalment_id,
        late_pieces.piece,
        late_pieces.amount,
        rates.rate_percent,
        case
            when rates.follows_half_years
                then {{ days_between(
                    'greatest(late_pieces.late_from, ' ~ add_days('rates.valid_from', -1) ~ ')',
                    'least(late_pieces.late_until, ' ~ add_days('rates.valid_until', -1) ~ ')'
                ) }}
            else late_pieces.late_days
        end as segment_days
    from late_pieces
    inner join rates
        on
            late_pieces.country_code = rates.country_code
            and late_pieces.customer_class = rates.customer_class
            and late_pieces.late_from < {{ add_days('rates.valid_until', -1) }}
            and (
                (rates.follows_half_years and late_pieces.late_until >= rates.valid_from)
                or (not rates.follows_half_years and {{ add_days('late_pieces.late_from', 1) }} >= rates.valid_from)
            )

),

interest as (

    select
        instalment_id,
        sum(case when piece = 'open' then rate_percent * segment_days else 0 end) as open_percent_days,
        sum(case when piece = 'paid' then amount * rate_percent * segment_days else 0 end) as paid_amount_percent_days,
        sum(segment_days) as rated_days
    from segments
    group by 1

),

late_instalments as (

    select
        instalment_id,
        company_id,
        customer_id,
        document_id,
        country_code,
        customer_class,
        late_from,
        sum(case when piece = 'open' then amount else 0 end) as open_amount,
        sum(case when piece = 'paid' then amount else 0 end) as paid_late_amount,
        -- Interest ends in insolvency, the delay does not.
        max(paid_on) as paid_late_on,
        sum(late_days) as total_days
    from late_pieces
    group by 1, 2, 3, 4, 5, 6, 7

)

select
    late_instalments.instalment_id,
    late_instalments.company_id,
    late_instalments.customer_id,
    late_instalments.document_id,
    late_instalments.late_from,
    {{ money('late_instalments.open_amount') }} as company_open_amount,
    {{ money('late_instalments.paid_late_amount') }} as company_paid_late_amount,
    late_instalments.paid_late_on,
    {{ money('coalesce(interest.open_percent_days, 0)') }} as open_percent_days,
    coalesce(
        {{ apportioned('interest.paid_amount_percent_days', '1', '100 * ' ~ var('interest_year_days'), decimals=2) }}, 0
    ) as company_interest_on_paid_amount,
    first_rates.rate_percent as first_rate_percent,
    -- Days before the first or after the last half-year whose rate is known, where the law gives one.
    cast(
        case
            when rated_classes.customer_class is not null
                then late_instalments.total_days - coalesce(interest.rated_days, 0)
            else 0
        end as bigint
    ) as days_without_rate,
    first_rates.indemnity_amount,
    first_rates.indemnity_currency_code
from late_instalments
left join interest on late_instalments.instalment_id = interest.instalment_id
left join rated_classes
    on
        late_instalments.country_code = rated_classes.country_code
        and late_instalments.customer_class = rated_classes.customer_class
left join rates as first_rates
    on
        late_instalments.country_code = first_rates.country_code
        and late_instalments.customer_class = first_rates.customer_class
        and {{ add_days('late_instalments.late_from', 1) }} >= first_rates.valid_from
        and {{ add_days('late_instalments.late_from', 1) }} < first_rates.valid_until

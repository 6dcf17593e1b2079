-- One row per company and overdue open item of a payer on the run's as-of date, and per instalment paid late of
-- which interest can still be claimed: what to send next, what may be claimed, or why nothing is sent.
with

open_items as (

    select * from {{ ref('open_items') }} where is_latest

),

instalments as (

    select * from {{ ref('fct_instalments') }}

),

documents as (

    select document_id, document_number from {{ ref('fct_documents') }}

),

interest as (

    select * from {{ ref('int_late_interest') }}

),

customers as (

    select customer_id, customer_class, do_not_remind, insolvent_since from {{ ref('dim_customer') }}

),

companies as (

    select company_id, currency_code from {{ ref('dim_company') }}

),

policies as (

    select * from {{ ref('dunning_policy') }} where customer_class <> 'intercompany'

),

classes as (

    select distinct customer_class from customers

),

-- The most particular row of each level.
ranked_levels as (

    select
        companies.company_id,
        classes.customer_class,
        policies.level,
        policies.is_used,
        policies.days_late,
        policies.min_gap_days,
        policies.channel,
        policies.tolerance_amount,
        row_number() over (
            partition by companies.company_id, classes.customer_class, policies.level
            order by
                case when policies.company_id = '*' then 1 else 0 end,
                case when policies.customer_class = '*' then 1 else 0 end
        ) as preference
    from companies
    cross join classes
    inner join policies
        on
            (policies.company_id = '*' or companies.company_id = policies.company_id)
            and (policies.customer_class = '*' or classes.customer_class = policies.customer_class)

),

levels as (

    select * from ranked_levels where preference = 1 and is_used

),

overdue as (

    select
        open_items.company_id,
        open_items.customer_id,
        open_items.open_item_id,
        open_items.instalment_id,
        open_items.document_id,
        open_items.account_role,
        open_items.item_type = 'bill' as is_bill,
        open_items.item_type = 'bill' and open_items.days_late is null as is_bill_pending,
        'open' as item_state,
        coalesce(instalments.due_date, open_items.due_date) as due_date,
        {{ days_between('coalesce(instalments.due_date, open_items.due_date)', as_of_date()) }} as days_late,
        open_items.company_open_amount as open_amount,
        coalesce(
            {{ apportioned('open_items.company_open_amount', 'open_items.disputed_amount', 'open_items.open_amount') }}, 0
        ) as disputed_amount,
        open_items.promised_date,
        open_items.promise_status,
        coalesce(open_items.dunning_level, 0) as dunning_level,
        open_items.last_reminded_on
    from open_items
    left join instalments on open_items.instalment_id = instalments.instalment_id
    where
        open_items.receivable_amount > 0
        and open_items.account_role in ('trade', 'doubtful', 'bills_in_hand', 'bills_discounted', 'factor', 'unknown')
        and coalesce(instalments.due_date, open_items.due_date) < open_items.as_of_date

),

-- Paid at last, and late: nothing to remind of, interest and indemnity to claim.
paid_late as (

    select
        interest.company_id,
        interest.customer_id,
        interest.instalment_id as open_item_id,
        interest.instalment_id,
        interest.document_id,
        cast(null as {{ dbt.type_string() }}) as account_role,
        false as is_bill,
        false as is_bill_pending,
        'paid_late' as item_state,
        instalments.due_date,
        {{ days_between('instalments.due_date', 'interest.paid_late_on') }} as days_late,
        cast(0 as decimal(18, 4)) as open_amount,
        cast(0 as decimal(18, 4)) as disputed_amount,
        cast(null as date) as promised_date,
        cast(null as {{ dbt.type_string() }}) as promise_status,
        cast(0 as bigint) as dunning_level,
        cast(null as date) as last_reminded_on
    from interest
    inner join instalments on interest.instalment_id = instalments.instalment_id
    where
        interest.company_open_amount = 0
        and interest.first_rate_percent is not null
        and interest.paid_late_on > {{ add_days(as_of_date(), '-' ~ var('late_interest_claim_days')) }}

),

items as (

    select * from overdue
    union all
    select * from paid_late

),

unapplied as (

    select
        company_id,
        customer_id,
        -sum(case when unapplied_cash_amount <> 0 or unapplied_credit_amount <> 0 then company_open_amount else 0 end) as unapplied_amount
    from open_items
    where account_role <> 'deposits'
    group by 1, 2

),

claims as (

    select
        items.*,
        customers.customer_class,
        customers.do_not_remind,
        customers.insolvent_since,
        -- What may be claimed now; the total of the payer decides whether it is worth a reminder.
        case
            when items.is_bill_pending or items.account_role = 'factor' then 0
            else greatest(items.open_amount - items.disputed_amount, 0)
        end as claimed_amount
    from items
    inner join customers on items.customer_id = customers.customer_id

),

payers as (

    select company_id, customer_id, sum(claimed_amount) as claimed_amount
    from claims
    group by 1, 2

),

staged as (

    select
        claims.*,
        payers.claimed_amount as payer_claimed_amount,
        coalesce(unapplied.unapplied_amount, 0) as payer_unapplied_amount,
        levels.level as next_level,
        levels.channel as next_channel,
        levels.tolerance_amount,
        -- Of what is disputed nothing is asked; of the rest, interest is one proportion.
        {{ apportioned('claims.claimed_amount', 'interest.open_percent_days', '100 * ' ~ var('interest_year_days'), decimals=2) }}
            as company_interest_on_open_amount,
        interest.company_interest_on_paid_amount,
        interest.days_without_rate,
        interest.first_rate_percent,
        interest.indemnity_amount,
        interest.indemnity_currency_code,
        -- A level follows the one before, and leaves time to answer it.
        greatest(
            {{ add_days('claims.due_date', 'levels.days_late') }},
            coalesce(
                {{ add_days('claims.last_reminded_on', 'levels.min_gap_days') }},
                {{ add_days('claims.due_date', 'levels.days_late') }}
            )
        ) as next_action_on,
        coalesce(
            (claims.item_state = 'paid_late' or claims.claimed_amount > 0)
            and interest.indemnity_amount > 0
            and (claims.insolvent_since is null or claims.insolvent_since > claims.due_date),
            false
        ) as bears_indemnity
    from claims
    inner join payers on claims.company_id = payers.company_id and claims.customer_id = payers.customer_id
    left join unapplied on claims.company_id = unapplied.company_id and claims.customer_id = unapplied.customer_id
    left join levels
        on
            claims.company_id = levels.company_id
            and claims.customer_class = levels.customer_class
            and claims.dunning_level + 1 = levels.level
            and claims.item_state = 'open'
    left join interest on claims.instalment_id = interest.instalment_id and not claims.is_bill

),

judged as (

    select
        *,
        case
            when item_state = 'paid_late' then 'paid'
            when customer_class = 'intercompany' then 'intercompany'
            when insolvent_since <= {{ as_of_date() }} then 'insolvent'
            when account_role = 'factor' then 'factored'
            when is_bill_pending then 'bill_not_due'
            when do_not_remind then 'do_not_remind'
            when claimed_amount <= 0 then 'disputed'
            when promise_status = 'pending' then 'promise_pending'
            when next_level is null then 'no_further_level'
            when payer_claimed_amount < tolerance_amount then 'below_tolerance'
            -- He has paid, and nobody has matched it yet.
            when payer_claimed_amount - payer_unapplied_amount < tolerance_amount then 'covered_by_receipts'
        end as exclusion_reason,
        case
            when
                bears_indemnity
                and row_number() over (
                    partition by coalesce(document_id, open_item_id), bears_indemnity order by due_date, open_item_id
                ) = 1
                then indemnity_amount
            else 0
        end as one_indemnity_amount
    from staged

),

decided as (

    select
        *,
        case
            when item_state = 'paid_late' then 'claim_interest'
            when exclusion_reason is not null then 'excluded'
            when next_action_on <= {{ as_of_date() }} then 'remind'
            else 'wait'
        end as worklist_status
    from judged

)

select
    {{ as_of_date() }} as as_of_date,
    decided.company_id,
    decided.customer_id,
    decided.open_item_id,
    decided.instalment_id,
    decided.document_id,
    documents.document_number,
    decided.customer_class,
    decided.item_state,
    decided.worklist_status,
    decided.exclusion_reason,
    decided.due_date,
    cast(decided.days_late as bigint) as days_late,
    companies.currency_code,
    {{ money('decided.open_amount') }} as company_open_amount_incl_tax,
    {{ money('decided.disputed_amount') }} as company_disputed_amount_incl_tax,
    {{ money('decided.claimed_amount') }} as company_claimed_amount_incl_tax,
    {{ money('decided.payer_unapplied_amount') }} as company_payer_unapplied_amount_incl_tax,
    decided.dunning_level,
    decided.last_reminded_on,
    case when decided.exclusion_reason is null then decided.next_level end as next_level,
    case when decided.exclusion_reason is null then decided.next_channel end as next_channel,
    case when decided.exclusion_reason is null then decided.next_action_on end as next_action_on,
    decided.promised_date,
    decided.first_rate_percent as legal_rate_percent,
    {{ money('coalesce(decided.company_interest_on_open_amount, 0)') }} as company_interest_on_open_amount,
    {{ money('coalesce(decided.company_interest_on_paid_amount, 0)') }} as company_interest_on_paid_amount,
    cast(coalesce(decided.days_without_rate, 0) as bigint) as interest_days_without_rate,
    {{ money('decided.one_indemnity_amount') }} as indemnity_amount,
    decided.indemnity_currency_code,
    case
        when decided.worklist_status = 'remind'
            then cast(row_number() over (
                partition by decided.company_id, decided.worklist_status
                order by decided.claimed_amount * decided.days_late desc, decided.open_item_id asc
            ) as bigint)
    end as priority_rank
from decided
inner join companies on decided.company_id = companies.company_id
left join documents on decided.document_id = documents.document_id

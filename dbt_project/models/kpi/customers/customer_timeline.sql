-- One row per thing that happened between a company and a customer up to the as-of date.
with

documents as (

    select * from {{ ref('fct_documents') }}

),

instalments as (

    select instalment_id, document_id, currency_code
    from {{ ref('fct_instalments') }}

),

payments as (

    select * from {{ ref('fct_payments') }}

),

companies as (

    select company_id, currency_code
    from {{ ref('dim_company') }}

),

events as (

    select
        company_id,
        sold_to_customer_id as customer_id,
        case when document_type = 'framework_order' then 'order' else document_type end as event_type,
        document_id as event_id,
        document_date as occurred_on,
        -- The instant of what the day tells of: the validation, or the entry.
        case
            when validated_date = document_date then validated_at
            when created_date = document_date then entered_at
        end as occurred_at,
        document_id,
        document_number,
        channel,
        status as detail,
        currency_code,
        amount_excl_tax,
        amount_incl_tax,
        cast(null as decimal(18, 4)) as score
    from documents
    where document_type in ('quote', 'order', 'framework_order')
    union all
    select
        company_id,
        sold_to_customer_id,
        'order_cancelled',
        document_id as event_id,
        cancelled_date as occurred_on,
        cancelled_at,
        document_id,
        document_number,
        channel,
        coalesce(cancelled_by, 'unknown'),
        currency_code,
        amount_excl_tax,
        amount_incl_tax,
        null
    from documents
    where document_type in ('order', 'framework_order') and cancelled_date is not null
    union all
    select
        company_id,
        sold_to_customer_id,
        case document_type when 'delivery_note' then 'shipment' else 'goods_returned' end,
        document_id as event_id,
        shipped_date as occurred_on,
        shipped_at,
        document_id,
        document_number,
        channel,
        coalesce(delivery_reason, 'unknown'),
        currency_code,
        amount_excl_tax,
        amount_incl_tax,
        null
    from documents
    where document_type in ('delivery_note', 'return') and shipped_date is not null
    union all
    select
        company_id,
        sold_to_customer_id,
        document_type,
        document_id as event_id,
        document_date as occurred_on,
        null,
        document_id,
        document_number,
        channel,
        coalesce(reason, status),
        currency_code,
        case when document_type = 'credit_note' then -amount_excl_tax else amount_excl_tax end,
        case when document_type = 'credit_note' then -amount_incl_tax else amount_incl_tax end,
        null
    from documents
    where is_issued
    union all
    select
        company_id,
        customer_id,
        case when amount < 0 then 'refund' else 'payment' end,
        payment_id,
        payment_date,
        null,
        null,
        payment_number,
        payment_method as channel,
        payment_method as detail,
        currency_code,
        null,
        amount,
        null
    from payments
    union all
    select
        rejections.company_id,
        payments.customer_id,
        'payment_rejected',
        rejections.payment_rejection_id,
        rejections.rejected_on,
        null,
        instalments.document_id,
        payments.payment_number,
        payments.payment_method,
        coalesce(rejections.reason, 'unknown'),
        payments.currency_code,
        null,
        rejections.amount,
        null
    from {{ ref('fct_payment_rejections') }} as rejections
    inner join payments on rejections.payment_id = payments.payment_id
    left join instalments on rejections.instalment_id = instalments.instalment_id
    union all
    select
        reminders.company_id,
        reminders.customer_id,
        'reminder',
        reminders.dunning_action_id,
        reminders.action_date,
        null,
        instalments.document_id,
        null,
        reminders.channel,
        'level_' || cast(reminders.level as {{ dbt.type_string() }}) || '_' || coalesce(reminders.result, 'unknown'),
        coalesce(instalments.currency_code, companies.currency_code),
        null,
        reminders.amount,
        null
    from {{ ref('fct_dunning_actions') }} as reminders
    inner join companies on reminders.company_id = companies.company_id
    left join instalments on reminders.instalment_id = instalments.instalment_id
    union all
    select
        promises.company_id,
        promises.customer_id,
        'payment_promise',
        promises.payment_promise_id,
        promises.made_on,
        null,
        instalments.document_id,
        null,
        null,
        'for_' || cast(promises.promised_date as {{ dbt.type_string() }}),
        coalesce(instalments.currency_code, companies.currency_code),
        null,
        promises.amount,
        null
    from {{ ref('fct_payment_promises') }} as promises
    inner join companies on promises.company_id = companies.company_id
    left join instalments on promises.instalment_id = instalments.instalment_id
    union all
    select
        disputes.company_id,
        disputes.customer_id,
        moments.event_type,
        disputes.dispute_id,
        case moments.event_type when 'dispute_opened' then disputes.opened_on else disputes.closed_on end,
        null,
        coalesce(disputes.document_id, instalments.document_id),
        null,
        null,
        coalesce(disputes.reason, 'unknown'),
        coalesce(instalments.currency_code, documents.currency_code, companies.currency_code),
        null,
        disputes.amount,
        null
    from {{ ref('fct_disputes') }} as disputes
    inner join companies on disputes.company_id = companies.company_id
    cross join (
        select 'dispute_opened' as event_type
        union all
        select 'dispute_closed' as event_type
    ) as moments
    left join instalments on disputes.instalment_id = instalments.instalment_id
    left join documents on disputes.document_id = documents.document_id
    where moments.event_type = 'dispute_opened' or disputes.closed_on is not null
    union all
    select
        claims.company_id,
        claims.customer_id,
        moments.event_type,
        claims.claim_id,
        case moments.event_type when 'claim_received' then claims.opened_on else claims.resolved_on end,
        case moments.event_type when 'claim_received' then claims.opened_at else claims.resolved_at end,
        claims.document_id,
        claims.claim_number,
        claims.channel,
        claims.claim_reason,
        companies.currency_code,
        null,
        null,
        null
    from {{ ref('fct_claims') }} as claims
    inner join companies on claims.company_id = companies.company_id
    cross join (
        select 'claim_received' as event_type
        union all
        select 'claim_resolved' as event_type
    ) as moments
    where moments.event_type = 'claim_received' or claims.resolved_on is not null
    union all
    select
        interactions.company_id,
        interactions.customer_id,
        'contact',
        interactions.interaction_id,
        interactions.occurred_on,
        interactions.occurred_at,
        interactions.document_id,
        null,
        interactions.interaction_type,
        coalesce(interactions.topic, 'unknown'),
        companies.currency_code,
        null,
        null,
        null
    from {{ ref('fct_interactions') }} as interactions
    inner join companies on interactions.company_id = companies.company_id
    union all
    select
        answers.company_id,
        answers.customer_id,
        'survey_answer',
        answers.survey_response_id,
        answers.answered_on,
        answers.answered_at,
        null,
        null,
        null,
        answers.question,
        companies.currency_code,
        null,
        null,
        answers.score
    from {{ ref('fct_survey_responses') }} as answers
    inner join companies on answers.company_id = companies.company_id

)

select
    events.company_id,
    coalesce(events.customer_id, 'unknown') as customer_id,
    coalesce(customers.customer_group_id, 'unknown') as customer_group_id,
    events.event_type,
    events.event_id,
    events.occurred_on,
    events.occurred_at,
    events.document_id,
    events.document_number,
    events.channel,
    events.detail,
    events.currency_code,
    {{ money('events.amount_excl_tax') }} as amount_excl_tax,
    {{ money('events.amount_incl_tax') }} as amount_incl_tax,
    {{ money('events.score') }} as score
from events
left join {{ ref('dim_customer') }} as customers on events.customer_id = customers.customer_id
where events.occurred_on <= {{ as_of_date() }}
-- One customer after the other, so that a question about one of them reads a part of the table.
order by customer_id, occurred_at

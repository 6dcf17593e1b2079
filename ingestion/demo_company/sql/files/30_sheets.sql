-- The team's own sheets as they stand at the instant projected.
create schema sheets;

create or replace macro company_name(co) as
    case co when 1 then getvariable('french_name') else getvariable('italian_name') end;

create view sheets.account_roles as
select distinct
    company_name(co) as company, code as account_prefix, role as account_role,
    getvariable('start')::date as valid_from, null::date as valid_to
from life.account;

create view sheets.order_entry_errors as
with errors as (
    select
        sale.*,
        sale_number.name as order_number,
        ['item', 'quantity', 'price', 'discount', 'address', 'date', 'customer', 'payment_terms',
            'duplicate'][error_no] as error_type,
        after_work(sale.co, confirmed_at, 200 + 4000 * u('error found', k))::timestamp as found_at
    from life.sale
    inner join life.sale_number using (k)
    where has_entry_error and not is_cancelled
),

numbered as (
    select *, row_number() over (order by found_at, k) as error_number from errors
    where found_at is not null
)

select
    'ERR-' || lpad(error_number::varchar, 6, '0') as reference,
    company_name(co) as company,
    order_number,
    case when error_type in ('item', 'quantity', 'price', 'discount') then 10 end as order_line_number,
    error_type,
    pick(['customer', 'agent', 'warehouse', 'accounting'], 'found by', k) as detected_by,
    found_at as detected_at,
    seen(after_work(co, found_at, 100 + 1500 * u('error mended', k))::timestamp) as corrected_at,
    round(5 + 60 * u('error cost', k), 2)::decimal(18, 2) as cost_amount,
    case
        when u('error certain', k) < 0.75 then 'confirmed'
        when u('error certain', k) < 0.90 then 'probable'
        else 'customer_change'
    end as certainty
from numbered
where happened(found_at);

create view sheets.survey_invitations as
with quarters as (
    select unnest(generate_series(date '2023-10-01', getvariable('until'), interval 3 month))::date as day
),

asked as (
    select
        customer.*, quarters.day, customer.c * 10000 + datediff('month', date '2020-01-01', day) as ik,
        utc(work_day(customer.co, quarters.day, 4), 600)::timestamp as invited_at
    from life.customer
    cross join quarters
    where
        customer.opened_on < quarters.day - 60
        and (customer.leaves_on is null or customer.leaves_on > quarters.day)
        and u('asked', customer.c * 10000 + datediff('month', date '2020-01-01', day)) < 0.4
)

select
    'INV-' || ik as reference, company_name(co) as company, 'Quarterly satisfaction' as survey,
    number as customer_number, invited_at, 'email' as channel
from asked
where happened(invited_at);

create view sheets.survey_responses as
with invited as (
    select sheets_invited.*, customer.co, customer.team, customer.agent, customer.c,
        replace(reference, 'INV-', '')::bigint as ik
    from sheets.survey_invitations as sheets_invited
    inner join life.customer on sheets_invited.customer_number = customer.number
),

answered as (
    select
        *,
        after_work(co, invited_at, 100 + 5000 * u('answers after', ik))::timestamp as answered_at
    from invited
    where u('answers', ik) < 0.34
),

questions as (
    select *, unnest([
        'telephone_reception', 'order_taking_speed', 'delivery', 'overall', 'recommendation'
    ]) as question
    from answered
),

scored as (
    select
        *,
        4.1 + 0.6 * z('mood', ik) + 0.5 * z(question, ik)
        -- Customers of the overloaded team notice.
        - case when team = 2 and invited_at > timestamp '2026-01-01' then 0.9 else 0 end as liking
    from questions
)

select
    replace(reference, 'INV', 'ANS') || '-' || question as reference,
    reference as invitation_reference,
    company,
    survey,
    customer_number,
    answered_at,
    question,
    case
        when question = 'recommendation' then least(10, greatest(0, round(liking * 2.1)))
        else least(5, greatest(1, round(liking)))
    end as score,
    case when question = 'recommendation' then 0 else 1 end as scale_minimum,
    case when question = 'recommendation' then 10 else 5 end as scale_maximum,
    employee.login as agent_login,
    case when question = 'overall' and liking < 3 then 'Trop lent à répondre' end as comment
from scored
inner join life.employee on scored.agent = employee.user_id
where happened(answered_at);

create view sheets.information_lookups as
select
    'INF-' || k as reference,
    company_name(sale.co) as company,
    after_work(sale.co, sale.born_at, 100 + 3000 * u('looked up', k))::timestamp as occurred_at,
    agent.login as agent_login,
    requester.login as requester_login,
    customer.number as customer_number,
    sale_number.name as order_number,
    pick(['order_status', 'price', 'delivery', 'invoice', 'product'], 'looked up topic', k) as topic,
    round(3 + 12 * u('looked up minutes', k), 1)::decimal(18, 1) as minutes
from life.sale
inner join life.sale_number using (k)
inner join life.customer on sale.c = customer.c
inner join life.employee as agent on customer.agent = agent.user_id
inner join life.employee as requester on sale.salesperson = requester.user_id
where
    u('looks up', k) < 0.15
    and happened(after_work(sale.co, sale.born_at, 100 + 3000 * u('looked up', k))::timestamp);

create view sheets.standard_times as
select
    task, document_type, event_type, channel, minutes, getvariable('start')::date as valid_from,
    null::date as valid_to
from (
    values
    ('enter_order', 'order', 'created', 'email', 9.0),
    ('enter_order', 'order', 'created', 'telephone', 7.0),
    ('enter_order', 'order', 'created', 'manual', 11.0),
    ('enter_order', 'order', 'created', 'field_sales', 10.0),
    ('enter_order', 'order', 'created', 'edi', 0.5),
    ('enter_order', 'order', 'created', 'web', 0.5),
    ('prepare_quote', 'quote', 'created', null, 14.0),
    ('validate_order', 'order', 'status_changed', null, 2.5),
    ('issue_invoice', 'invoice', 'status_changed', null, 3.0),
    ('issue_credit_note', 'credit_note', 'status_changed', null, 12.0),
    ('handle_claim', 'claim', 'opened', null, 35.0)
) as times (task, document_type, event_type, channel, minutes);

create view sheets.absences as
with days as (
    select
        employee.co, employee.login, employee.employee_id, calendar.day,
        employee.employee_id * 100000 + datediff('day', date '2020-01-01', calendar.day) as ak,
        employee.employee_id * 1000 + datediff('week', date '2020-01-01', calendar.day) as wk
    from life.employee
    inner join life.calendar on employee.co = calendar.co
    where calendar.works and calendar.day >= getvariable('start')
)

select
    company_name(co) as company, login as agent_login, day as absence_date,
    case when employee_id % 7 = 0 then 5.6 when co = 1 then 7 else 8 end as hours,
    case
        when u('week off', wk) < case when month(day) = 8 then 0.6 else 0.07 end then 'holiday'
        when u('ill', ak) < 0.015 then 'sick'
        else 'training'
    end as reason
from days
where
    happened(day::timestamp)
    and (
        u('week off', wk) < case when month(day) = 8 then 0.6 else 0.07 end
        or u('ill', ak) < 0.015
        or u('training', ak) < 0.006
    );

create view sheets.kpi_targets as
select kpi, company, team, target_value, date '2025-01-01' as valid_from, null::date as valid_to
from (
    values
    ('service_rate', 'Distribution Alpine SAS', null, 0.95),
    ('service_rate', 'Distribuzione Alpina S.r.l.', null, 0.95),
    ('order_entry_error_rate', 'Distribution Alpine SAS', null, 0.01),
    ('dso', 'Distribution Alpine SAS', null, 52),
    ('dso', 'Distribuzione Alpina S.r.l.', null, 70),
    ('processing_time_minutes', 'Distribution Alpine SAS', 'ADV Nord', 240),
    ('processing_time_minutes', 'Distribution Alpine SAS', 'ADV Sud', 240),
    ('claim_resolution_days', 'Distribution Alpine SAS', null, 5)
) as targets (kpi, company, team, target_value);

-- Promises follow the second reminder: some are kept to the day, some are not.
create view sheets.payment_promises as
with late as (
    select
        intention.*,
        settled.paid_on,
        utc(work_day(intention.co, intention.due_on + 31, 0), 700)::timestamp as made_at
    from life.intention
    left join (
        select tk, max(pay_on) as paid_on from life.settlement group by tk
    ) as settled using (tk)
    where not intention.is_disputed and intention.kind = 'invoice' and intention.open_amount > 0
)

select
    'PRO-' || tk as reference,
    company_name(late.co) as company,
    customer.number as customer_number,
    move_number.name as invoice_number,
    late.no as instalment_number,
    case
        when paid_on is null or u('keeps promise', tk) < 0.35
            then greatest(late.due_on + 35, coalesce(paid_on - 7, late.due_on + 45))
        else paid_on
    end as promised_date,
    late.open_amount as amount,
    local_time(made_at)::date as made_on
from late
inner join life.customer on late.payer = customer.c
inner join life.move_number on late.mk = move_number.mk
where
    happened(made_at) and (paid_on is null or paid_on > local_time(made_at)::date)
    and u('promises', tk) < 0.4;

create view sheets.disputes as
select
    'LIT-' || tk as reference,
    company_name(intention.co) as company,
    customer.number as customer_number,
    move_number.name as invoice_number,
    round(intention.amount * case when u('whole', tk) < 0.6 then 1 else 0.4 end, 2)::decimal(18, 2)
        as amount,
    pick(['price', 'quantity', 'damaged', 'delivery'], 'dispute reason', tk) as reason,
    work_day(intention.co, due_on - 6, 0) as opened_on,
    case
        when happened((pay_on - 2)::timestamp)
            then greatest(work_day(intention.co, pay_on - 4, 0), work_day(intention.co, due_on - 6, 0))
    end as closed_on
from life.intention
inner join life.customer on intention.payer = customer.c
inner join life.move_number on intention.mk = move_number.mk
where is_disputed and happened((work_day(intention.co, due_on - 6, 0) + interval 15 hour)::timestamp)
    and work_day(intention.co, due_on - 6, 0) > intention.date;

create view sheets.credit_limits as
select
    company_name(co) as company, number as customer_number, 'internal' as limit_kind,
    credit_limit as amount, 'EUR' as currency_code, null::varchar as insurer,
    greatest(opened_on, getvariable('start'))::date as valid_from, null::date as valid_to
from life.customer
where happened(born_at)
union all
select
    company_name(co), number, 'insured', (credit_limit * 0.8)::decimal(18, 2), 'EUR', 'Assureur Crédit',
    greatest(opened_on, getvariable('start'))::date,
    case when insolvent_on is not null and happened(insolvent_on::timestamp) then insolvent_on end
from life.customer
where happened(born_at) and u('insured', c) < 0.5 and not is_public;

-- Reminders by telephone, between the letters that the ERP sends.
create view sheets.dunning_actions as
with late as (
    select
        intention.*,
        settled.paid_on,
        utc(work_day(intention.co, intention.due_on + 20, 0), 640)::timestamp as called_at
    from life.intention
    left join (
        select tk, max(pay_on) as paid_on from life.settlement group by tk
    ) as settled using (tk)
    where not intention.is_disputed and intention.kind = 'invoice' and intention.open_amount > 0
)

select
    'TEL-' || tk as reference,
    company_name(late.co) as company,
    customer.number as customer_number,
    move_number.name as invoice_number,
    local_time(called_at)::date as action_date,
    2 as level,
    'telephone' as channel,
    pick(['promised', 'no_answer', 'sent'], 'call result', tk) as result,
    employee.login as agent_login,
    late.open_amount as amount
from late
inner join life.customer on late.payer = customer.c
inner join life.move_number on late.mk = move_number.mk
inner join life.employee on customer.collector = employee.user_id
where
    happened(called_at) and (paid_on is null or paid_on > local_time(called_at)::date)
    and u('is called', tk) < 0.5;

create view sheets.inbound_messages as
select
    'MSG-' || k as reference,
    company_name(sale.co) as company,
    channel,
    received_at,
    customer.number as customer_number,
    case when is_quote then 'quote_request' else 'order' end as message_type,
    case when happened(sale.born_at) and not happened(deleted_at) then sale_number.name end as order_number,
    false as is_error,
    null::varchar as error_code,
    null::timestamp as resolved_at
from life.sale
inner join life.sale_number using (k)
inner join life.customer on sale.c = customer.c
where channel in ('email', 'telephone') and happened(received_at);

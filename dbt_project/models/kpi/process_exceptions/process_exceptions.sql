-- One row per rule, document or message and first day on which the rule was broken: exceptions open
-- on the as-of date, and those cleared in the last months.
with rules as (
    select * from {{ ref('process_exception_rules') }}
    where is_active
),

documents as (
    select
        document.*,
        company.as_of_ends_at,
        case when document.agent_id <> 'unknown' then document.agent_id else document.salesperson_id end as owner_id,
        coalesce(document.cancelled_date, document.closed_date) as over_on,
        coalesce(document.company_amount_excl_tax, 0) as amount
    from {{ ref('fct_documents') }} as document
    inner join {{ ref('dim_company') }} as company on document.company_id = company.company_id
),

orders as (
    select * from documents
    where document_type = 'order'
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where document_type = 'order' and is_deliverable
),

events as (
    select document_id, document_line_id, event_type, occurred_at, occurred_date, employee_id, is_human, from_status, field_name, from_value, to_value
    from {{ ref('fct_document_events') }}
    where document_type = 'order'
),

calendar as (
    select company.company_id, calendar.date_day, calendar.is_working_day, calendar.working_day_number
    from {{ ref('dim_company') }} as company
    inner join {{ ref('dim_date') }} as calendar on company.calendar_code = calendar.calendar_code
),

-- Someone other than nobody said yes to the order; what he says later still clears it.
approvals as (
    select document_id, max(occurred_date) as approved_on
    from events
    where event_type = 'approved'
    group by document_id
),

-- A document stays in a status for longer than its rule bears.
stuck as (
    select
        rules.rule,
        states.document_id,
        first_days.date_day as first_seen_on,
        states.valid_to as cleared_on
    from {{ ref('int_document_states') }} as states
    inner join rules on states.document_type = rules.document_type and states.status = rules.status
    inner join calendar as starts on states.company_id = starts.company_id and states.valid_from = starts.date_day
    inner join calendar as first_days
        on
            states.company_id = first_days.company_id
            and first_days.is_working_day
            and starts.working_day_number + cast(rules.threshold as bigint) + 1 = first_days.working_day_number
    where states.valid_to is null or states.valid_to > first_days.date_day
),

-- A message waits to be entered, or could not be read.
messages as (
    select
        rules.rule,
        message.inbound_message_id,
        message.company_id,
        message.customer_id,
        message.document_id,
        first_days.date_day as first_seen_on,
        case when rules.rule = 'message_in_error' then coalesce({{ local_date('message.resolved_at', 'company.time_zone') }}, message.entered_date) else message.entered_date end as cleared_on
    from {{ ref('fct_inbound_messages') }} as message
    inner join {{ ref('dim_company') }} as company on message.company_id = company.company_id
    inner join rules
        on
            (rules.rule = 'message_in_error' and message.is_error)
            or (rules.rule = 'message_not_entered' and message.message_type = 'order' and not message.is_error)
    inner join calendar as starts on message.company_id = starts.company_id and message.received_date = starts.date_day
    inner join calendar as first_days
        on
            message.company_id = first_days.company_id
            and first_days.is_working_day
            and starts.working_day_number + cast(rules.threshold as bigint)
            + case when rules.threshold > 0 or not starts.is_working_day then 1 else 0 end
            = first_days.working_day_number
),

shipments as (
    select order_id, shipped_at, shipped_date, sum(company_amount_excl_tax) as amount
    from {{ ref('fct_deliveries') }}
    where document_type = 'delivery_note' and is_shipped and order_id is not null and shipped_date <= {{ as_of_date() }}
    group by order_id, shipped_at, shipped_date
),

first_shipments as (
    select order_id, min(shipped_date) as shipped_date
    from shipments
    group by order_id
),

-- A step was skipped: goods left that nobody had validated, or acknowledged where that is usual.
skipped_steps as (
    select
        'shipped_before_validation' as rule,
        orders.document_id,
        first_shipments.shipped_date as first_seen_on,
        coalesce(orders.booked_date, orders.over_on) as cleared_on,
        orders.amount
    from orders
    inner join first_shipments on orders.document_id = first_shipments.order_id
    where orders.booked_date is null or orders.booked_date > first_shipments.shipped_date
    union all
    select
        'shipped_unacknowledged',
        orders.document_id,
        first_shipments.shipped_date,
        coalesce(orders.acknowledged_date, orders.over_on),
        orders.amount
    from orders
    inner join first_shipments on orders.document_id = first_shipments.order_id
    where
        (orders.acknowledged_date is null or orders.acknowledged_date > first_shipments.shipped_date)
        and orders.company_id in (select acknowledging.company_id from orders as acknowledging where acknowledging.acknowledged_at is not null)
),

-- Goods left while a hold stopped their order; each hold is an exception of its own.
shipped_while_blocked as (
    select
        'shipped_while_blocked' as rule,
        shipments.order_id as document_id,
        min(shipments.shipped_date) as first_seen_on,
        states.valid_to as cleared_on,
        sum(shipments.amount) as amount
    from shipments
    inner join {{ ref('int_document_states') }} as states
        on
            shipments.order_id = states.document_id
            and states.status = 'blocked'
            and shipments.shipped_at > states.valid_from_at
            and (states.valid_to_at is null or shipments.shipped_at < states.valid_to_at)
    group by shipments.order_id, states.valid_from_at, states.valid_to
),

-- What left and stays without an invoice beyond the legal limit; only sales are in this book.
uninvoiced_lines as (
    select
        rules.rule,
        movement.order_id,
        movement.order_line_id,
        greatest(movement.occurred_on, {{ add_days('movement.due_date', 'cast(rules.threshold as bigint) + 1') }}) as first_seen_on,
        movement.next_occurred_on as cleared_on,
        movement.company_open_amount_excl_tax as amount
    from {{ ref('int_order_book_movements') }} as movement
    inner join rules on rules.rule = 'delivered_not_invoiced'
    where
        movement.book = 'to_invoice'
        and movement.document_type = 'order'
        and movement.open_quantity > 0
        and movement.due_date is not null
),

-- What of each line had left, come back, been invoiced and credited by the end of each day on which that changed.
line_days as (
    select
        order_line_id,
        moved_on,
        lead(moved_on) over (partition by order_line_id order by moved_on) as next_moved_on
        {%- for quantity in ['delivered', 'returned', 'invoiced', 'credited'] %},
        sum(sum({{ quantity }})) over (
            partition by order_line_id order by moved_on rows between unbounded preceding and current row
        ) as {{ quantity }}
        {%- endfor %}
    from (
        select
            order_line_id,
            shipped_date as moved_on,
            case when document_type = 'delivery_note' then quantity else 0 end as delivered,
            case when document_type = 'return' then quantity else 0 end as returned,
            0 as invoiced,
            0 as credited
        from {{ ref('fct_deliveries') }}
        where is_shipped and order_line_id is not null and shipped_date <= {{ as_of_date() }}
        union all
        select
            order_line_id,
            invoice_date,
            0,
            0,
            case when document_type = 'invoice' then net_quantity else 0 end,
            case when document_type = 'credit_note' then -net_quantity else 0 end
        from {{ ref('fct_invoice_lines') }}
        where is_issued and order_line_id is not null and document_type in ('invoice', 'credit_note')
    ) as moves
    group by order_line_id, moved_on
),

-- Invoiced before anything left, or beyond what had left. To be credited is what came back and had been invoiced,
-- from the day on which both are true.
wrong_quantities as (
    select *
    from (
        select
            'invoiced_not_delivered' as rule,
            order_line_id,
            moved_on,
            next_moved_on,
            invoiced - credited as quantity
        from line_days
        where delivered = 0
        union all
        select
            'invoiced_more_than_delivered',
            order_line_id,
            moved_on,
            next_moved_on,
            invoiced - credited - delivered
        from line_days
        where delivered > 0
        union all
        select
            'returned_not_credited',
            order_line_id,
            moved_on,
            next_moved_on,
            least(returned - credited, invoiced - credited - greatest(delivered - returned, 0))
        from line_days
    ) as quantities
    where quantity > 0
),

wrong_days as (
    {{ stretches('wrong_quantities', 'rule, order_line_id', 'moved_on', 'next_moved_on') }}
),

-- The limit counts from the day on which a line went wrong, however much of it is since. An invoice is wrong on its
-- day; what came back, once its days have passed.
wrong_lines as (
    select
        wrong_days.rule,
        lines.order_id,
        wrong_days.order_line_id,
        greatest(
            wrong_days.moved_on,
            {{ add_days('wrong_days.stretch_from', "cast(rules.threshold as bigint) + case when rules.rule = 'returned_not_credited' then 1 else 0 end") }}
        ) as first_seen_on,
        wrong_days.next_moved_on as cleared_on,
        {{ apportioned('lines.company_amount_excl_tax', 'wrong_days.quantity', 'lines.ordered_quantity') }} as amount
    from wrong_days
    inner join order_lines as lines on wrong_days.order_line_id = lines.order_line_id
    inner join rules on wrong_days.rule = rules.rule
    where lines.ordered_quantity > 0
),

broken_lines as (
    select *
    from (
        select * from uninvoiced_lines
        union all
        select * from wrong_lines
    ) as lines
    where first_seen_on <= {{ as_of_date() }} and (cleared_on is null or cleared_on > first_seen_on)
),

line_stretches as (
    select
        *,
        row_number() over (partition by rule, order_id, stretch_from, order_line_id order by first_seen_on desc) as preference
    from (
        {{ stretches('broken_lines', 'rule, order_id', 'first_seen_on', 'cleared_on', order_by='first_seen_on, order_line_id') }}
    ) as stretches
),

-- An order is one exception for as long as some line is wrong; at stake is what of each line was wrong last.
broken_orders as (
    select
        rule,
        order_id as document_id,
        stretch_from as first_seen_on,
        case when count(cleared_on) = count(*) then max(cleared_on) end as cleared_on,
        sum(case when preference = 1 then amount else 0 end) as amount
    from line_stretches
    group by rule, order_id, stretch_from
),

price_changes as (
    select
        events.document_id,
        events.document_line_id,
        events.occurred_date,
        events.employee_id,
        -- Values of other events are no numbers, and engines may cast before they filter.
        {{ money("case when events.event_type = 'price_changed' then events.from_value end") }} as old_price,
        {{ money("case when events.event_type = 'price_changed' then events.to_value end") }} as new_price
    from events
    where events.event_type = 'price_changed' and events.from_value is not null and events.to_value is not null
),

-- The value lost: of the line, or of the order where the source tells the total only.
lowered_prices as (
    select
        'price_lowered_unapproved' as rule,
        changes.document_id,
        min(changes.occurred_date) as first_seen_on,
        max(changes.employee_id) as owner_id,
        sum({{ apportioned('coalesce(lines.company_amount_excl_tax, orders.amount)', 'changes.old_price - changes.new_price', 'changes.new_price') }}) as amount
    from price_changes as changes
    inner join rules on rules.rule = 'price_lowered_unapproved'
    inner join orders on changes.document_id = orders.document_id
    left join order_lines as lines on changes.document_line_id = lines.order_line_id
    where changes.old_price > 0 and 100 * changes.new_price < changes.old_price * (100 - rules.threshold)
    group by changes.document_id
),

below_cost as (
    select
        'negative_margin_unapproved' as rule,
        lines.order_id as document_id,
        min(lines.booked_date) as first_seen_on,
        sum({{ money('costs.unit_cost * lines.ordered_quantity') }} - lines.company_amount_excl_tax) as amount
    from order_lines as lines
    inner join rules on rules.rule = 'negative_margin_unapproved'
    inner join {{ ref('int_document_lines') }} as costs on lines.order_line_id = costs.document_line_id
    where
        lines.is_booked
        and lines.ordered_quantity > 0
        and costs.unit_cost > 0
        and lines.company_amount_excl_tax > 0
        and 100 * lines.company_amount_excl_tax
        < {{ money('costs.unit_cost * lines.ordered_quantity') }} * (100 - rules.threshold)
    group by lines.order_id
),

-- Four eyes: whoever enters an order does not approve it, nor validates a large one.
same_person as (
    select
        rules.rule,
        entries.document_id,
        min(decisions.occurred_date) as first_seen_on,
        max(decisions.employee_id) as owner_id
    from events as entries
    inner join events as decisions
        on
            entries.document_id = decisions.document_id
            and entries.employee_id = decisions.employee_id
            and decisions.is_human
    inner join orders on entries.document_id = orders.document_id
    inner join rules
        on
            (rules.rule = 'same_person_enters_and_approves' and decisions.event_type in ('approved', 'credit_released'))
            or (
                rules.rule = 'same_person_enters_and_validates'
                and decisions.event_type = 'status_changed'
                and decisions.from_status = 'to_validate'
                and orders.amount > rules.threshold
            )
    where entries.event_type = 'created' and entries.is_human
    group by rules.rule, entries.document_id
),

references_of_customers as (
    select
        document_id,
        created_date,
        over_on,
        cancelled_date,
        lag(created_date) over same_reference as previous_created_date,
        lag(cancelled_date) over same_reference as previous_cancelled_date
    from orders
    where customer_reference is not null and sold_to_customer_id <> 'unknown'
    window same_reference as (
        partition by company_id, sold_to_customer_id, customer_reference order by created_date, document_id
    )
),

-- The later of two orders under one number of the customer, unless the first was cancelled before it came.
duplicates as (
    select
        'duplicate_customer_reference' as rule,
        references_of_customers.document_id,
        references_of_customers.created_date as first_seen_on,
        case
            when references_of_customers.previous_cancelled_date < references_of_customers.over_on
                then references_of_customers.previous_cancelled_date
            else coalesce(references_of_customers.over_on, references_of_customers.previous_cancelled_date)
        end as cleared_on
    from references_of_customers
    inner join rules on rules.rule = 'duplicate_customer_reference'
    where
        references_of_customers.previous_created_date is not null
        and (
            references_of_customers.previous_cancelled_date is null
            or references_of_customers.previous_cancelled_date > references_of_customers.created_date
        )
        and {{ days_between('references_of_customers.previous_created_date', 'references_of_customers.created_date') }} <= rules.threshold
),

rejections as (
    select
        rejected.document_id,
        min(rejected.occurred_date) as rejected_on,
        min(case when later.occurred_at > rejected.occurred_at then later.occurred_date end) as sent_again_on
    from {{ ref('fct_einvoice_events') }} as rejected
    left join {{ ref('fct_einvoice_events') }} as later
        on rejected.document_id = later.document_id and later.event_type in ('deposited', 'delivered')
    where rejected.event_type in ('rejected', 'refused')
    group by rejected.document_id
),

einvoices_not_resent as (
    select
        'einvoice_not_resent' as rule,
        rejections.document_id,
        {{ add_days('rejections.rejected_on', 'cast(rules.threshold as bigint) + 1') }} as first_seen_on,
        coalesce(rejections.sent_again_on, documents.cancelled_date) as cleared_on
    from rejections
    inner join rules on rules.rule = 'einvoice_not_resent'
    inner join documents on rejections.document_id = documents.document_id
    where
        coalesce(rejections.sent_again_on, documents.cancelled_date) is null
        or coalesce(rejections.sent_again_on, documents.cancelled_date)
        > {{ add_days('rejections.rejected_on', 'cast(rules.threshold as bigint) + 1') }}
),

-- Posted and not sent, where the company's system tells of sending at all.
unsent_invoices as (
    select
        rules.rule,
        invoices.document_id,
        first_days.date_day as first_seen_on,
        coalesce(invoices.sent_date, invoices.over_on) as cleared_on
    from documents as invoices
    inner join rules on rules.rule = 'invoice_not_sent'
    inner join calendar as starts on invoices.company_id = starts.company_id and invoices.validated_date = starts.date_day
    inner join calendar as first_days
        on
            invoices.company_id = first_days.company_id
            and first_days.is_working_day
            and starts.working_day_number + cast(rules.threshold as bigint) + 1 = first_days.working_day_number
    where
        invoices.document_type in ('invoice', 'deposit_invoice', 'credit_note')
        and invoices.is_issued
        and (
            coalesce(invoices.sent_date, invoices.over_on) is null
            or coalesce(invoices.sent_date, invoices.over_on) > first_days.date_day
        )
        and invoices.company_id in (
            select sending.company_id
            from documents as sending
            where sending.document_type = 'invoice' and sending.sent_at is not null
        )
),

-- The date that the customer of a line knows: what was first confirmed or requested; then, from each time he is
-- told, what is promised at that time.
tellings as (
    select
        lines.order_line_id,
        lines.order_id,
        events.occurred_date,
        terms.promised_date,
        row_number() over (
            partition by lines.order_line_id, events.occurred_date order by events.occurred_at desc, terms.term_number desc
        ) as preference
    from order_lines as lines
    inner join events on lines.order_id = events.document_id
    inner join {{ ref('int_order_line_terms') }} as terms
        on
            lines.order_line_id = terms.document_line_id
            and (terms.term_number = 0 or terms.valid_from_at <= events.occurred_at)
    where lines.is_booked and events.event_type in ('acknowledged', 'customer_informed')
),

known_dates as (
    select
        *,
        lead(known_from) over (partition by order_line_id order by known_from nulls last, is_told) as known_to
    from (
        select order_line_id, order_id, booked_date as known_from, 0 as is_told, coalesce(first_confirmed_date, requested_date) as known_date
        from order_lines
        where is_booked
        union all
        select order_line_id, order_id, occurred_date, 1, promised_date
        from tellings
        where preference = 1
    ) as knowings
),

-- That date has passed, the line is open, and nobody has told another one.
untold_spells as (
    select
        movement.order_id,
        movement.order_line_id,
        movement.movement_number,
        known_dates.known_from,
        greatest(first_days.date_day, movement.occurred_on, known_dates.known_from) as untold_from,
        least(movement.next_occurred_on, known_dates.known_to) as untold_to,
        movement.company_open_amount_excl_tax as amount
    from known_dates
    inner join orders on known_dates.order_id = orders.document_id
    inner join {{ ref('int_order_book_movements') }} as movement
        on
            known_dates.order_line_id = movement.order_line_id
            and movement.book = 'to_deliver'
            and movement.open_quantity > 0
    inner join rules on rules.rule = 'customer_not_told'
    inner join calendar as starts
        on
            movement.company_id = starts.company_id
            -- What he was told last, the order itself knows.
            and case when known_dates.known_to is null then coalesce(orders.last_told_date, known_dates.known_date) else known_dates.known_date end
            = starts.date_day
    inner join calendar as first_days
        on
            movement.company_id = first_days.company_id
            and first_days.is_working_day
            and starts.working_day_number + cast(rules.threshold as bigint) + 1 = first_days.working_day_number
),

untold_lines as (
    select
        order_id,
        min(untold_from) over (partition by order_line_id, known_from) as untold_from,
        untold_to,
        case when row_number() over (partition by order_line_id, known_from order by movement_number desc) = 1 then amount else 0 end as amount
    from untold_spells
    where untold_from <= {{ as_of_date() }} and (untold_to is null or untold_to > untold_from)
),

notices as (
    select
        'customer_not_told' as rule,
        order_id as document_id,
        untold_from as first_seen_on,
        case when count(untold_to) = count(*) then max(untold_to) end as cleared_on,
        sum(amount) as amount
    from untold_lines
    group by order_id, untold_from
),

-- What nobody approved is cleared by an approval, or when the order is over.
unapproved as (
    select rule, document_id, first_seen_on, owner_id, amount from lowered_prices
    union all
    select rule, document_id, first_seen_on, cast(null as {{ dbt.type_string() }}), amount from below_cost
    union all
    select same_person.rule, same_person.document_id, same_person.first_seen_on, same_person.owner_id, orders.amount
    from same_person
    inner join orders on same_person.document_id = orders.document_id
),

found as (
    {%- for relation, cleared_on, owner_id, amount in [
        ('stuck', 'cleared_on', 'null', 'null'),
        ('skipped_steps', 'cleared_on', 'null', 'amount'),
        ('shipped_while_blocked', 'cleared_on', 'null', 'amount'),
        ('broken_orders', 'cleared_on', 'null', 'amount'),
        ('duplicates', 'cleared_on', 'null', 'null'),
        ('einvoices_not_resent', 'cleared_on', 'null', 'null'),
        ('unsent_invoices', 'cleared_on', 'null', 'null'),
        ('notices', 'cleared_on', 'null', 'amount'),
    ] %}
    select
        rule,
        document_id,
        cast(null as {{ dbt.type_string() }}) as inbound_message_id,
        cast(null as {{ dbt.type_string() }}) as company_id,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast({{ owner_id }} as {{ dbt.type_string() }}) as owner_id,
        {{ money(amount) }} as amount,
        first_seen_on,
        cast({{ cleared_on }} as date) as cleared_on
    from {{ relation }}
    union all
    {%- endfor %}
    select
        unapproved.rule, unapproved.document_id, null, null, null, unapproved.owner_id, unapproved.amount, unapproved.first_seen_on,
        case
            when approvals.approved_on >= unapproved.first_seen_on and not unapproved.rule like 'same_person%' then approvals.approved_on
            else orders.over_on
        end
    from unapproved
    inner join orders on unapproved.document_id = orders.document_id
    left join approvals on unapproved.document_id = approvals.document_id
    union all
    select rule, document_id, inbound_message_id, company_id, customer_id, null, null, first_seen_on, cleared_on
    from messages
)

select
    coalesce(documents.company_id, found.company_id) as company_id,
    {{ as_of_date() }} as as_of_date,
    found.rule,
    coalesce(found.inbound_message_id, found.document_id) as subject_id,
    found.first_seen_on,
    case when found.cleared_on <= {{ as_of_date() }} then found.cleared_on end as cleared_on,
    found.cleared_on is null or found.cleared_on > {{ as_of_date() }} as is_open,
    {{ days_between('found.first_seen_on', 'case when found.cleared_on <= ' ~ as_of_date() ~ ' then found.cleared_on else ' ~ as_of_date() ~ ' end') }} as age_days,
    rules.label_fr,
    rules.label_it,
    rules.label_en,
    rules.severity,
    rules.owner_function,
    coalesce(found.owner_id, documents.owner_id, 'unknown') as owner_id,
    coalesce(documents.team, 'unknown') as team,
    found.document_id,
    found.inbound_message_id,
    documents.document_type,
    documents.document_number,
    coalesce(documents.sold_to_customer_id, found.customer_id, 'unknown') as customer_id,
    company.currency_code,
    {{ money('coalesce(found.amount, documents.amount, 0)') }} as amount_at_stake_excl_tax
from found
inner join rules on found.rule = rules.rule
left join documents on found.document_id = documents.document_id
inner join {{ ref('dim_company') }} as company on coalesce(documents.company_id, found.company_id) = company.company_id
where
    found.first_seen_on <= {{ as_of_date() }}
    -- What was put right on the day was not broken at its end.
    and (found.cleared_on is null or found.cleared_on > found.first_seen_on)
    and (
        found.cleared_on is null
        or found.cleared_on > cast({{ dbt.dateadd('month', -(var('process_exceptions_history_months') | int), as_of_date()) }} as date)
    )

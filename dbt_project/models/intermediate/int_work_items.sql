-- One row per piece of work that came up by the as-of date: since when it could be done, and when it was done,
-- or not needed any more.
{%- set columns = [
    'work_item_id', 'document_type', 'event_type', 'company_id', 'document_id', 'channel', 'team', 'owner_id',
    'is_arrival_known', 'arrived_at', 'arrived_on', 'done_at', 'done_on', 'withdrawn_at', 'withdrawn_on',
] %}
{%- set of_document = 'documents.company_id, documents.document_id, documents.channel, documents.known_team as team, documents.agent_id as owner_id' %}
{%- set unfinished = "('draft', 'to_validate', 'blocked')" %}
with companies as (
    select company_id, time_zone, as_of_ends_at
    from {{ ref('dim_company') }}
),

-- Only what somebody times or sets a deadline for.
asked as (
    select document_type, event_type
    from {{ ref('fct_standard_times') }}
    where document_type is not null and event_type is not null
    union distinct
    select document_type, event_type
    from {{ ref('work_deadlines') }}
),

employees as (
    select employee_id, team, is_technical_user
    from {{ ref('dim_employee') }}
),

customers as (
    select customer_id, do_not_remind, insolvent_since
    from {{ ref('dim_customer') }}
),

documents as (
    select
        fact.*,
        -- An invoice is a sale by its date, but to be written until it is posted.
        fact.is_issued and fact.status not in {{ unfinished }} as is_written,
        coalesce(nullif(fact.team, 'unknown'), employees.team, 'unknown') as known_team
    from {{ ref('fct_documents') }} as fact
    left join employees on fact.agent_id = employees.employee_id
    where fact.created_date <= {{ as_of_date() }}
),

-- Sources that never tell of a step leave it unknown, not undone.
telling_sources as (
    select
        source_id,
        document_type,
        count(acknowledged_at) > 0 as tells_acknowledged,
        count(sent_at) > 0 as tells_sent
    from documents
    group by source_id, document_type
),

-- Steps that a robot took and no person. Of the changes of status, the one that makes a document valid is meant.
robot_steps as (
    select events.document_id, events.event_type
    from {{ ref('fct_document_events') }} as events
    inner join employees on events.employee_id = employees.employee_id
    where
        events.document_line_id is null
        and events.origin = 'source'
        and (
            events.event_type in ('created', 'acknowledged', 'sent')
            or (
                events.event_type = 'status_changed'
                and events.from_status in {{ unfinished }}
                and events.to_status not in ('draft', 'to_validate', 'blocked', 'cancelled', 'rejected', 'expired')
            )
        )
    group by events.document_id, events.event_type
    having min(case when employees.is_technical_user then 1 else 0 end) = 1
),

-- Goods that left, and how much of their order line had left with them.
shipments as (
    select
        order_line_id,
        order_id,
        shipped_at,
        shipped_date,
        sum(quantity) over (
            partition by order_line_id order by shipped_date, shipped_at nulls last, delivery_line_id
            rows between unbounded preceding and current row
        ) as shipped_quantity
    from {{ ref('fct_deliveries') }}
    where
        document_type = 'delivery_note'
        and delivery_reason = 'sale'
        and is_shipped
        and order_line_id is not null
        and shipped_date <= {{ as_of_date() }}
),

invoice_lines as (
    select lines.*, documents.is_written
    from {{ ref('fct_invoice_lines') }} as lines
    inner join documents on lines.document_id = documents.document_id
    where lines.document_type in ('invoice', 'credit_note') and lines.order_line_id is not null
),

billed_lines as (
    select
        document_id,
        order_line_id,
        invoice_date,
        sum(net_quantity) over (
            partition by order_line_id order by invoice_date, invoice_line_id
            rows between unbounded preceding and current row
        ) - net_quantity as billed_before
    from invoice_lines
    where document_type = 'invoice' and is_written
),

-- The first shipment that an invoice bills: from then on it could be issued.
billed_shipments as (
    select
        billed_lines.document_id,
        min(shipments.shipped_at) as shipped_at,
        min(shipments.shipped_date) as shipped_date
    from billed_lines
    inner join shipments
        on
            billed_lines.order_line_id = shipments.order_line_id
            and shipments.shipped_quantity > billed_lines.billed_before
            and shipments.shipped_date <= billed_lines.invoice_date
    group by billed_lines.document_id
),

billed as (
    select
        order_line_id,
        sum(case when document_type = 'invoice' then net_quantity else 0 end) as invoiced_quantity,
        sum(case when document_type = 'credit_note' then -net_quantity else 0 end) as credited_quantity,
        sum(case when document_type = 'credit_note' and reverses_invoice then -net_quantity else 0 end) as reversed_quantity
    from invoice_lines
    where is_written
    group by order_line_id
),

order_lines as (
    select
        lines.order_line_id,
        lines.order_id,
        lines.is_booked,
        coalesce(billed.invoiced_quantity, 0) as invoiced_quantity,
        {{ settled_quantity(
            'coalesce(billed.invoiced_quantity, 0)', 'coalesce(billed.credited_quantity, 0)',
            'coalesce(billed.reversed_quantity, 0)', 'lines.returned_quantity',
        ) }} as settled_quantity
    from {{ ref('fct_order_lines') }} as lines
    left join billed on lines.order_line_id = billed.order_line_id
    where lines.is_deliverable
),

shipments_to_bill as (
    select
        order_lines.order_id,
        min(shipments.shipped_at) as shipped_at,
        min(shipments.shipped_date) as shipped_date
    from order_lines
    inner join shipments
        on
            order_lines.order_line_id = shipments.order_line_id
            and shipments.shipped_quantity > order_lines.settled_quantity
    where order_lines.is_booked
    group by order_lines.order_id
),

returns as (
    select deliveries.document_id, deliveries.order_line_id, deliveries.shipped_at, deliveries.shipped_date
    from {{ ref('fct_deliveries') }} as deliveries
    inner join order_lines on deliveries.order_line_id = order_lines.order_line_id
    where
        deliveries.document_type = 'return'
        and deliveries.is_shipped
        and deliveries.shipped_date <= {{ as_of_date() }}
        and order_lines.invoiced_quantity > 0
),

credited_lines as (
    select document_id, order_line_id, invoice_date
    from invoice_lines
    where document_type = 'credit_note' and is_written and moves_goods
),

credited_returns as (
    select
        credited_lines.document_id,
        max(returns.shipped_at) as shipped_at,
        max(returns.shipped_date) as shipped_date
    from credited_lines
    inner join returns
        on
            credited_lines.order_line_id = returns.order_line_id
            and returns.shipped_date <= credited_lines.invoice_date
    group by credited_lines.document_id
),

returns_to_credit as (
    select returns.document_id, min(returns.shipped_at) as shipped_at, min(returns.shipped_date) as shipped_date
    from returns
    left join credited_lines
        on
            returns.order_line_id = credited_lines.order_line_id
            and returns.shipped_date <= credited_lines.invoice_date
    group by returns.document_id
    having count(credited_lines.document_id) = 0
),

drafted_credits as (
    select distinct invoice_lines.document_id
    from invoice_lines
    inner join returns on invoice_lines.order_line_id = returns.order_line_id
    inner join returns_to_credit on returns.document_id = returns_to_credit.document_id
    where invoice_lines.document_type = 'credit_note' and not invoice_lines.is_written and invoice_lines.moves_goods
),

-- Who served a customer last will enter what came in.
customer_owners as (
    select sold_to_customer_id, channel, known_team, agent_id
    from (
        select
            *,
            row_number() over (
                partition by sold_to_customer_id
                order by case when agent_id = 'unknown' then 1 else 0 end asc, created_date desc, document_id asc
            ) as preference
        from documents
        where document_type in ('order', 'quote') and known_team <> 'unknown'
    ) as ranked
    where preference = 1
),

-- Entering; an order that was an offer is not entered again.
entries as (
    select
        document_id || '/created' as work_item_id,
        document_type,
        'created' as event_type,
        {{ of_document }},
        received_at is not null as is_arrival_known,
        coalesce(received_at, entered_at) as arrived_at,
        coalesce(received_date, created_date) as arrived_on,
        entered_at as done_at,
        created_date as done_on,
        cast(null as timestamp) as withdrawn_at,
        cast(null as date) as withdrawn_on
    from documents
    where document_type not in ('order', 'framework_order') or generated_from_document_id is null
),

-- Requests not entered yet. One left for long was dropped, or its document deleted.
requests as (
    select
        messages.inbound_message_id || '/created' as work_item_id,
        case when messages.message_type = 'order' then 'order' else 'quote' end as document_type,
        'created' as event_type,
        messages.company_id,
        cast(null as {{ dbt.type_string() }}) as document_id,
        messages.channel,
        coalesce(customer_owners.known_team, 'unknown') as team,
        coalesce(customer_owners.agent_id, 'unknown') as owner_id,
        true as is_arrival_known,
        messages.received_at as arrived_at,
        messages.received_date as arrived_on,
        cast(null as timestamp) as done_at,
        cast(null as date) as done_on,
        cast(null as timestamp) as withdrawn_at,
        case
            when {{ add_days('messages.received_date', var('request_lapse_days')) }} <= {{ as_of_date() }}
                then {{ add_days('messages.received_date', var('request_lapse_days')) }}
        end as withdrawn_on
    from {{ ref('fct_inbound_messages') }} as messages
    left join customer_owners on messages.customer_id = customer_owners.sold_to_customer_id
    where messages.message_type in ('order', 'quote_request') and messages.entered_date is null
),

-- Telling the customer: that his order came, and what the document says.
tellings as (
    {%- for event_type, date in [('acknowledged', 'acknowledged_date'), ('sent', 'sent_date')] %}
    select
        documents.document_id || '/{{ event_type }}' as work_item_id,
        documents.document_type,
        '{{ event_type }}' as event_type,
        {{ of_document }},
        true as is_arrival_known,
        {%- if event_type == 'acknowledged' %}
        documents.entered_at as arrived_at,
        documents.created_date as arrived_on,
        {%- else %}
        coalesce(documents.validated_at, documents.entered_at) as arrived_at,
        coalesce(documents.validated_date, documents.created_date) as arrived_on,
        {%- endif %}
        documents.{{ event_type }}_at as done_at,
        documents.{{ event_type }}_date as done_on,
        coalesce(documents.cancelled_at, documents.closed_at) as withdrawn_at,
        {%- if event_type == 'acknowledged' %}
        case
            when documents.status not in ('draft', 'to_validate', 'blocked', 'waiting', 'in_preparation')
                then coalesce(documents.cancelled_date, documents.closed_date, documents.validated_date, documents.created_date)
        end as withdrawn_on
        {%- else %}
        coalesce(documents.cancelled_date, documents.closed_date) as withdrawn_on
        {%- endif %}
    from documents
    inner join telling_sources
        on documents.source_id = telling_sources.source_id and documents.document_type = telling_sources.document_type
    where
        telling_sources.tells_{{ event_type }}
        {%- if event_type == 'sent' %}
        and (documents.validated_at is not null or documents.document_type = 'quote')
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Making valid: orders validated, invoices and credit notes issued. A draft of an invoice for an order is
-- still the order to be invoiced, one of a credit note for goods that came back still the return to be credited.
validations as (
    select
        documents.document_id || '/status_changed' as work_item_id,
        documents.document_type,
        'status_changed' as event_type,
        {{ of_document }},
        case documents.document_type
            when 'invoice' then billed_shipments.shipped_date is not null
            when 'credit_note' then credited_returns.shipped_date is not null
            else true
        end as is_arrival_known,
        case
            when billed_shipments.shipped_date is not null then billed_shipments.shipped_at
            when credited_returns.shipped_date is not null then credited_returns.shipped_at
            else documents.entered_at
        end as arrived_at,
        coalesce(billed_shipments.shipped_date, credited_returns.shipped_date, documents.created_date) as arrived_on,
        documents.validated_at as done_at,
        coalesce(
            documents.validated_date,
            documents.booked_date,
            case when documents.is_written then documents.document_date end
        ) as done_on,
        coalesce(documents.cancelled_at, documents.closed_at) as withdrawn_at,
        case
            when documents.status not in {{ unfinished }}
                then coalesce(documents.cancelled_date, documents.closed_date, documents.created_date)
        end as withdrawn_on
    from documents
    left join billed_shipments on documents.document_id = billed_shipments.document_id
    left join credited_returns on documents.document_id = credited_returns.document_id
    left join drafted_credits on documents.document_id = drafted_credits.document_id
    where
        documents.document_type in ('order', 'framework_order', 'deposit_invoice', 'invoice', 'credit_note')
        and (
            documents.document_type <> 'invoice'
            or documents.status not in {{ unfinished }}
            or documents.generated_from_document_id is null
        )
        and drafted_credits.document_id is null
),

still_to_issue as (
    {%- for document_type, waiting, key in [('invoice', 'shipments_to_bill', 'order_id'), ('credit_note', 'returns_to_credit', 'document_id')] %}
    select
        documents.document_id || '/to {{ document_type }}' as work_item_id,
        '{{ document_type }}' as document_type,
        'status_changed' as event_type,
        {{ of_document }},
        true as is_arrival_known,
        {{ waiting }}.shipped_at as arrived_at,
        {{ waiting }}.shipped_date as arrived_on,
        cast(null as timestamp) as done_at,
        cast(null as date) as done_on,
        cast(null as timestamp) as withdrawn_at,
        cast(null as date) as withdrawn_on
    from documents
    inner join {{ waiting }} on documents.document_id = {{ waiting }}.{{ key }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Claims are handled until they are resolved; the first answer, or the solution where there was none, stops
-- the clock of answering.
claim_steps as (
    {%- for event_type, done in [('opened', 'resolved'), ('responded', 'answered')] %}
    select
        claims.claim_id || '/{{ event_type }}' as work_item_id,
        'claim' as document_type,
        '{{ event_type }}' as event_type,
        claims.company_id,
        claims.document_id,
        coalesce(claims.channel, 'unknown') as channel,
        coalesce(employees.team, 'unknown') as team,
        claims.owner_id,
        true as is_arrival_known,
        claims.opened_at as arrived_at,
        claims.opened_on as arrived_on,
        {{ 'claims.resolved_at' if done == 'resolved' else 'coalesce(claims.first_response_at, claims.first_resolved_at)' }} as done_at,
        {{ 'claims.resolved_on' if done == 'resolved' else 'coalesce(claims.first_response_on, claims.first_resolved_on)' }} as done_on,
        cast(null as timestamp) as withdrawn_at,
        cast(null as date) as withdrawn_on
    from {{ ref('fct_claims') }} as claims
    left join employees on claims.owner_id = employees.employee_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

first_reminders as (
    select instalment_id, min(action_date) as reminded_on
    from {{ ref('fct_dunning_actions') }}
    where instalment_id is not null
    group by instalment_id
),

dunning_starts as (
    select company_id, {{ month_of('min(action_date)') }} as first_month
    from {{ ref('fct_dunning_actions') }}
    group by company_id
),

-- What was overdue when it was issued was moved, such as to the doubtful account: its reminder was due where it comes from.
overdue as (
    select
        instalment_id,
        company_id,
        customer_id,
        document_id,
        settled_on,
        {{ add_days('due_date', 1) }} as overdue_on
    from {{ ref('fct_instalments') }}
    where due_date < {{ as_of_date() }} and issued_on <= due_date and amount_to_pay > 0
),

-- A dispute that names no instalment is about the whole invoice; one that was closed when the item fell overdue excuses nothing.
first_disputes as (
    select instalment_id, min(opened_on) as disputed_on
    from (
        {%- for key in ['instalment_id', 'document_id'] %}
        select overdue.instalment_id, disputes.opened_on
        from {{ ref('fct_disputes') }} as disputes
        inner join overdue on disputes.{{ key }} = overdue.{{ key }}
        where
            (disputes.closed_on is null or disputes.closed_on > overdue.overdue_on)
            {%- if key == 'document_id' %}
            and disputes.instalment_id is null
            {%- endif %}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as of_instalments
    group by instalment_id
),

unpaid as (
    select
        overdue.instalment_id,
        overdue.company_id,
        overdue.document_id,
        overdue.overdue_on,
        overdue.settled_on,
        first_reminders.reminded_on,
        least(
            first_disputes.disputed_on,
            case when customers.insolvent_since <= {{ as_of_date() }} then customers.insolvent_since end
        ) as excused_on
    from overdue
    inner join dunning_starts
        on overdue.company_id = dunning_starts.company_id and overdue.overdue_on > dunning_starts.first_month
    inner join customers on overdue.customer_id = customers.customer_id
    left join first_reminders on overdue.instalment_id = first_reminders.instalment_id
    left join first_disputes on overdue.instalment_id = first_disputes.instalment_id
    -- Nobody dates the wish that a customer is left alone; of the insolvent it goes with their insolvency.
    where not customers.do_not_remind or customers.insolvent_since is not null
),

-- Paid, disputed or insolvent by the due date, nobody had to be reminded; one who was excused before was not reminded as
-- this work asks. Money that was followed by a reminder had come back.
to_remind as (
    select
        instalment_id,
        company_id,
        document_id,
        overdue_on,
        case when excused_on is null or reminded_on <= excused_on then reminded_on end as reminded_on,
        least(excused_on, case when reminded_on is null then settled_on end) as released_on
    from unpaid
    where
        (settled_on is null or settled_on >= overdue_on)
        and (excused_on is null or excused_on >= overdue_on)
),

-- Reminders have a date only: each counts as sent when its day begins, as the item was overdue when its did.
reminders as (
    select
        to_remind.instalment_id || '/reminded' as work_item_id,
        'instalment' as document_type,
        'reminded' as event_type,
        to_remind.company_id,
        to_remind.document_id,
        coalesce(documents.channel, 'unknown') as channel,
        coalesce(documents.known_team, 'unknown') as team,
        'unknown' as owner_id,
        true as is_arrival_known,
        {{ utc_instant('cast(to_remind.overdue_on as timestamp)', 'companies.time_zone') }} as arrived_at,
        to_remind.overdue_on as arrived_on,
        {{ utc_instant('cast(to_remind.reminded_on as timestamp)', 'companies.time_zone') }} as done_at,
        to_remind.reminded_on as done_on,
        {{ utc_instant('cast(to_remind.released_on as timestamp)', 'companies.time_zone') }} as withdrawn_at,
        to_remind.released_on as withdrawn_on
    from to_remind
    inner join companies on to_remind.company_id = companies.company_id
    left join documents on to_remind.document_id = documents.document_id
),

items as (
    {%- for part in [
        'entries', 'requests', 'tellings', 'validations', 'still_to_issue', 'claim_steps', 'reminders',
    ] %}
    select {{ columns | join(', ') }}
    from {{ part }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- What is done is not withdrawn; nothing is done before it came up.
settled as (
    select
        items.*,
        companies.time_zone,
        companies.as_of_ends_at,
        case when items.done_on is null then items.withdrawn_on end as left_on,
        case when items.done_on is null then items.withdrawn_at end as left_at
    from items
    inner join asked on items.document_type = asked.document_type and items.event_type = asked.event_type
    inner join companies on items.company_id = companies.company_id
    where items.arrived_on <= {{ as_of_date() }}
),

timed as (
    select
        *,
        least(arrived_on, coalesce(done_on, left_on, arrived_on)) as came_up_on,
        -- Without the hour of its end, nobody knows how long it waited.
        case
            when done_on is not null then done_at
            when left_on is not null then left_at
            else as_of_ends_at
        end as waited_until
    from settled
)

select
    timed.work_item_id,
    timed.document_type,
    timed.event_type,
    timed.company_id,
    timed.document_id,
    timed.channel,
    timed.team,
    timed.owner_id,
    timed.is_arrival_known,
    timed.arrived_at,
    timed.came_up_on as arrived_on,
    timed.done_at,
    timed.done_on,
    timed.left_on as withdrawn_on,
    timed.done_on is not null and robot_steps.document_id is not null as is_by_robot,
    case
        when timed.is_arrival_known and timed.arrived_at is not null and timed.waited_until is not null
            then {{ working_minutes('arrival_day', 'timed.arrived_at', 'end_day', 'timed.waited_until') }}
    end as waited_minutes
from timed
left join robot_steps on timed.document_id = robot_steps.document_id and timed.event_type = robot_steps.event_type
{{ join_business_day('arrival_day', 'timed.company_id', 'timed.arrived_at', 'timed.time_zone') }}
{{ join_business_day('end_day', 'timed.company_id', 'timed.waited_until', 'timed.time_zone') }}

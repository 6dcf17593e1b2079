-- One row per company, day, document kind, status and channel in which a document was in hand at
-- the day's end or moved on the day.
{%- set dimensions = ['company_id', 'document_kind', 'status', 'channel'] %}
with documents as (
    select document_id, document_kind, channel, coalesce(company_amount_excl_tax, 0) as amount
    from {{ ref('fct_documents') }}
),

statuses as (
    select document_type, status, is_in_hand
    from {{ ref('dim_document_status') }}
),

-- What each document ends a day in; statuses passed through within a day are left out.
stays as (
    select
        states.document_id,
        states.company_id,
        states.document_type,
        states.status,
        states.valid_from,
        states.valid_to,
        statuses.is_in_hand
    from {{ ref('int_document_states') }} as states
    inner join statuses
        on states.document_type = statuses.document_type and states.status = statuses.status
    where states.valid_to is null or states.valid_to > states.valid_from
),

neighbours as (
    select
        *,
        coalesce(lag(is_in_hand) over (partition by document_id order by valid_from), false) as was_in_hand,
        coalesce(lead(is_in_hand) over (partition by document_id order by valid_from), false) as will_be_in_hand
    from stays
),

-- Coming from outside or from another status in hand are two different things: only the first
-- is new work.
moves as (
    select
        neighbours.company_id,
        documents.document_kind,
        neighbours.status,
        documents.channel,
        neighbours.valid_from as moved_on,
        case when neighbours.was_in_hand then 'moved_in' else 'entered' end as movement,
        documents.amount
    from neighbours
    inner join documents on neighbours.document_id = documents.document_id
    where neighbours.is_in_hand
    union all
    select
        neighbours.company_id,
        documents.document_kind,
        neighbours.status,
        documents.channel,
        neighbours.valid_to,
        case when neighbours.will_be_in_hand then 'moved_out' else 'left' end,
        documents.amount
    from neighbours
    inner join documents on neighbours.document_id = documents.document_id
    where neighbours.is_in_hand and neighbours.valid_to <= {{ as_of_date() }}
    union all
    -- Orders received and not entered yet are in hand too, though no document exists.
    select company_id, 'order_to_enter', 'waiting', channel, received_date, 'entered', 0
    from {{ ref('fct_inbound_messages') }}
    where message_type = 'order' and (entered_date is null or entered_date > received_date)
    union all
    select company_id, 'order_to_enter', 'waiting', channel, entered_date, 'left', 0
    from {{ ref('fct_inbound_messages') }}
    where message_type = 'order' and entered_date > received_date and entered_date <= {{ as_of_date() }}
),

days as (
    select
        {{ dimensions | join(', ') }},
        moved_on,
        {%- for movement in ['entered', 'moved_in', 'moved_out', 'left'] %}
        sum(case when movement = '{{ movement }}' then 1 else 0 end) as {{ movement }}_documents,
        {%- endfor %}
        sum(case when movement in ('entered', 'moved_in') then amount else -amount end) as amount
    from moves
    group by {{ dimensions | join(', ') }}, moved_on
),

running as (
    select
        *,
        sum(entered_documents + moved_in_documents - moved_out_documents - left_documents) over (
            partition by {{ dimensions | join(', ') }} order by moved_on
            rows between unbounded preceding and current row
        ) as closing_documents,
        sum(amount) over (
            partition by {{ dimensions | join(', ') }} order by moved_on
            rows between unbounded preceding and current row
        ) as closing_amount,
        coalesce(
            lead(moved_on) over (partition by {{ dimensions | join(', ') }} order by moved_on),
            {{ add_days(as_of_date(), 1) }}
        ) as next_moved_on
    from days
),

span as (
    select min(moved_on) as first_date, {{ as_of_date() }} as last_date
    from running
),

calendar as (
    {{ days_of('span', 'first_date', 'last_date', 'date_day') }}
),

filled as (
    select
        running.*,
        calendar.date_day,
        calendar.date_day = running.moved_on as is_day_of_movement
    from running
    inner join calendar
        on
            calendar.date_day >= running.moved_on
            and calendar.date_day < running.next_moved_on
    where calendar.date_day = running.moved_on or running.closing_documents <> 0
)

select
    filled.company_id,
    filled.date_day as as_of_date,
    filled.document_kind,
    filled.status,
    filled.channel,
    companies.currency_code,
    cast(
        filled.closing_documents
        - case
            when filled.is_day_of_movement
                then filled.entered_documents + filled.moved_in_documents - filled.moved_out_documents - filled.left_documents
            else 0
        end as bigint
    ) as opening_documents,
    {%- for movement in ['entered', 'moved_in', 'moved_out', 'left'] %}
    cast(case when filled.is_day_of_movement then filled.{{ movement }}_documents else 0 end as bigint) as {{ movement }}_documents,
    {%- endfor %}
    cast(filled.closing_documents as bigint) as closing_documents,
    {{ money('filled.closing_amount') }} as closing_amount_excl_tax
from filled
inner join {{ ref('dim_company') }} as companies on filled.company_id = companies.company_id

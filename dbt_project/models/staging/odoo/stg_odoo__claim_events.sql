-- One row per thing that happened to a ticket: opened, assigned, answered, moved on.
with

tickets as (
    select * from {{ raw('odoo', 'helpdesk_ticket') }}
),

stages as (
    {{ odoo_ticket_stages() }}
),

messages as (
    select * from {{ raw('odoo', 'mail_message') }}
    where model = 'helpdesk.ticket'
),

subtypes as (
    select * from {{ raw('odoo', 'mail_message_subtype') }}
),

tracked_values as (
    select * from {{ raw('odoo', 'mail_tracking_value') }}
),

fields as (
    select * from {{ raw('odoo', 'ir_model_fields') }}
    where model = 'helpdesk.ticket' and name in ('stage_id', 'user_id')
),

users as (
    select * from {{ raw('odoo', 'res_users') }}
    where not coalesce(share, false)
),

colleagues as (
    select
        source_id,
        partner_id,
        min(id) as user_id
    from users
    group by source_id, partner_id
),

-- What was written to the customer, first; a note is for colleagues.
answers as (
    select
        messages.source_id,
        messages.res_id as ticket_id,
        colleagues.user_id,
        messages.date as occurred_at,
        row_number() over (
            partition by messages.source_id, messages.res_id order by messages.date, messages.id
        ) as position
    from messages
    inner join colleagues
        on messages.source_id = colleagues.source_id and messages.author_id = colleagues.partner_id
    left join subtypes
        on messages.source_id = subtypes.source_id and messages.subtype_id = subtypes.id
    where
        messages.message_type in ('comment', 'email_outgoing')
        and messages.subtype_id is not null
        and not coalesce(subtypes.internal, false)
),

-- The log keeps the stage's identifier beside its name in the language of whoever acted.
changes as (
    select
        messages.source_id,
        messages.res_id as ticket_id,
        cast(tracked_values.id as {{ dbt.type_string() }}) as event_id,
        fields.name as field_name,
        messages.date as occurred_at,
        colleagues.user_id,
        case
            when fields.name = 'stage_id' then coalesce(old_stages.status, 'unknown')
        end as from_status,
        case
            when fields.name = 'stage_id' then coalesce(new_stages.status, 'unknown')
        end as to_status
    from tracked_values
    inner join fields
        on tracked_values.source_id = fields.source_id and tracked_values.field_id = fields.id
    inner join messages
        on tracked_values.source_id = messages.source_id and tracked_values.mail_message_id = messages.id
    left join colleagues
        on messages.source_id = colleagues.source_id and messages.author_id = colleagues.partner_id
    left join stages as old_stages
        on
            tracked_values.source_id = old_stages.source_id
            and tracked_values.old_value_integer = old_stages.stage_id
    left join stages as new_stages
        on
            tracked_values.source_id = new_stages.source_id
            and tracked_values.new_value_integer = new_stages.stage_id
),

events as (
    select
        source_id,
        id as ticket_id,
        'opened' as event_id,
        'opened' as event_type,
        create_date as occurred_at,
        create_uid as user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        'new' as to_status
    from tickets

    union all

    select
        source_id,
        ticket_id,
        'responded' as event_id,
        'responded' as event_type,
        occurred_at,
        user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status
    from answers
    where position = 1

    union all

    select
        source_id,
        ticket_id,
        event_id,
        case
            when field_name = 'user_id' then 'assigned'
            else {{ claim_change('from_status', 'to_status') }}
        end as event_type,
        occurred_at,
        user_id,
        from_status,
        to_status
    from changes
    where field_name = 'user_id' or from_status <> to_status
),

final as (
    select
        events.source_id,
        'odoo' as source_system,
        {{ key('events.source_id', 'helpdesk.ticket', 'events.ticket_id') }} || '/' || events.event_id as claim_event_id,
        {{ key('events.source_id', 'helpdesk.ticket', 'events.ticket_id') }} as claim_id,
        events.event_type,
        events.occurred_at,
        -- Customers may move tickets on, in the portal.
        {{ key('events.source_id', 'res.users', 'users.id') }} as employee_id,
        events.from_status,
        events.to_status
    from events
    inner join tickets
        on events.source_id = tickets.source_id and events.ticket_id = tickets.id
    left join users
        on events.source_id = users.source_id and events.user_id = users.id
)

{{ conform('claim_events') }}

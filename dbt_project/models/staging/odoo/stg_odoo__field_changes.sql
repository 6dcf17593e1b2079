-- One row per tracked change of a field other than a status, as Odoo's log tells it.
with

messages as (
    select * from {{ raw('odoo', 'mail_message') }}
),

tracked_values as (
    select * from {{ raw('odoo', 'mail_tracking_value') }}
),

fields as (
    select *
    from {{ raw('odoo', 'ir_model_fields') }}
    where name not in ('state', 'payment_state', 'l10n_it_edi_state')
),

authors as (
    select
        source_id,
        partner_id,
        min(id) as user_id
    from {{ raw('odoo', 'res_users') }}
    group by source_id, partner_id
)

select
    messages.source_id,
    messages.model,
    messages.res_id,
    fields.name as field_name,
    tracked_values.id as change_id,
    messages.date as occurred_at,
    coalesce(authors.user_id, messages.create_uid) as user_id,
    tracked_values.old_value_datetime as from_instant,
    tracked_values.new_value_datetime as to_instant,
    -- Odoo fills one column by type and leaves 0 in the numbers it does not use.
    coalesce(
        nullif(tracked_values.old_value_char, ''),
        cast(tracked_values.old_value_datetime as {{ dbt.type_string() }}),
        cast(nullif(cast(tracked_values.old_value_float as decimal(18, 4)), 0) as {{ dbt.type_string() }}),
        cast(nullif(tracked_values.old_value_integer, 0) as {{ dbt.type_string() }})
    ) as from_value,
    coalesce(
        nullif(tracked_values.new_value_char, ''),
        cast(tracked_values.new_value_datetime as {{ dbt.type_string() }}),
        cast(nullif(cast(tracked_values.new_value_float as decimal(18, 4)), 0) as {{ dbt.type_string() }}),
        cast(nullif(tracked_values.new_value_integer, 0) as {{ dbt.type_string() }})
    ) as to_value
from tracked_values
inner join fields
    on tracked_values.source_id = fields.source_id and tracked_values.field_id = fields.id
inner join messages
    on tracked_values.source_id = messages.source_id and tracked_values.mail_message_id = messages.id
left join authors
    on messages.source_id = authors.source_id and messages.author_id = authors.partner_id

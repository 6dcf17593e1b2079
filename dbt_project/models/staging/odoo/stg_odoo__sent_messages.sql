-- One row per message sent from a document to the customer, numbered within the document.
-- Odoo writes a subject on what leaves the house and none on internal notes, but for those that
-- say why an order came to nothing.
with

messages as (
    select *
    from {{ raw('odoo', 'mail_message') }}
    where
        message_type in ('comment', 'email_outgoing', 'auto_comment')
        and subject is not null
        and lower(subject) not like 'lost:%'
        and lower(subject) not like 'cancelled by %'
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
    messages.id as message_id,
    messages.date as sent_at,
    coalesce(authors.user_id, messages.create_uid) as user_id
from messages
left join authors
    on messages.source_id = authors.source_id and messages.author_id = authors.partner_id

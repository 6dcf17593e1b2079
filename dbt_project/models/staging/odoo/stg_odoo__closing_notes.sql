-- One row per order or quotation with a note of why it came to nothing: the team writes it as the
-- subject of a note, `Lost: <reason>` or `Cancelled by <us or the customer>`; written by the as-of date.
with

notes as (
    select
        messages.source_id,
        messages.res_id as order_id,
        lower(messages.subject) as subject,
        row_number() over (
            partition by messages.source_id, messages.res_id order by messages.date desc, messages.id desc
        ) as position
    from {{ raw('odoo', 'mail_message') }} as messages
    inner join {{ ref('stg_odoo__sale_orders') }} as orders
        on messages.source_id = orders.source_id and messages.res_id = orders.id
    where
        messages.model = 'sale.order'
        and (lower(messages.subject) like 'lost:%' or lower(messages.subject) like 'cancelled by %')
        and messages.date < orders.as_of_ends_at
)

select
    source_id,
    order_id,
    case when subject like 'lost:%' then trim(substring(subject, 6)) end as reason,
    case
        when subject like 'lost:%' or subject like 'cancelled by %customer%' then 'customer'
        when subject like 'cancelled by us%' then 'us'
    end as cancelled_by
from notes
where position = 1

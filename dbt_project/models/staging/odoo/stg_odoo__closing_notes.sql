-- One row per order or quotation with a note of why it came to nothing: the team writes it as the
-- subject of a note, `Lost: <reason>` or `Cancelled by <us or the customer>`.
with

notes as (
    select
        source_id,
        res_id as order_id,
        lower(subject) as subject,
        row_number() over (partition by source_id, res_id order by date desc, id desc) as position
    from {{ raw('odoo', 'mail_message') }}
    where
        model = 'sale.order'
        and (lower(subject) like 'lost:%' or lower(subject) like 'cancelled by %')
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

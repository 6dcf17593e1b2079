-- Where each Italian electronic invoice stands: sent to the exchange, delivered, or rejected and
-- sent again a few days later. The first one posted on or after 24 June 2026 stays rejected.
create view odoo.einvoice_now as
with italian as (
    select
        ik, posted_at, date, u('einvoice', ik) < 0.006 as was_rejected,
        row_number() over (
            partition by posted_at >= timestamp '2026-06-24' order by posted_at, ik
        ) = 1 and posted_at >= timestamp '2026-06-24' and kind = 'invoice' as stays_rejected
    from life.invoice
    where co = 2 and country = 'IT'
),

told as (
    select
        *,
        posted_at + to_minutes(90) as processing_at,
        case when not was_rejected and not stays_rejected
            then posted_at + to_minutes(180 + (1200 * u('exchange', ik))::bigint) end as delivered_at,
        case when was_rejected or stays_rejected
            then posted_at + to_minutes(240 + (1200 * u('exchange', ik))::bigint) end as rejected_at,
        case when was_rejected and not stays_rejected
            then posted_at + to_minutes(2880 + (3000 * u('resent', ik))::bigint) end as resent_at
    from italian
)

select
    ik,
    case
        when happened(resent_at) or happened(delivered_at) then 'forwarded'
        when happened(rejected_at) then 'rejected'
        when happened(processing_at) then 'processing'
        else 'being_sent'
    end as state,
    greatest(
        posted_at, seen(processing_at), seen(delivered_at), seen(rejected_at), seen(resent_at)
    ) as changed_at
from told
where happened(posted_at);

-- One row per status notice of an electronic invoice from the Italian exchange system.
with

changes as (
    select *
    from {{ ref('stg_odoo__status_changes') }}
    where model = 'account.move' and field_name = 'l10n_it_edi_state' and to_value is not null
),

invoices as (
    select * from {{ ref('stg_odoo__invoices') }}
),

notices as (
    select
        invoices.source_id,
        invoices.id as move_id,
        invoices.company_id,
        changes.change_id,
        changes.to_value as notice,
        changes.occurred_at
    from changes
    inner join invoices
        on changes.source_id = invoices.source_id and changes.res_id = invoices.id

    union all

    -- The present state, where nothing tells how it came about.
    select
        invoices.source_id,
        invoices.id as move_id,
        invoices.company_id,
        'present' as change_id,
        invoices.l10n_it_edi_state as notice,
        coalesce(invoices.rejected_at, invoices.posted_at, invoices.write_date) as occurred_at
    from invoices
    left join changes
        on
            invoices.source_id = changes.source_id
            and invoices.id = changes.res_id
            and invoices.l10n_it_edi_state = changes.to_value
    where invoices.l10n_it_edi_state is not null and changes.res_id is null
),

final as (
    select
        source_id,
        'odoo' as source_system,
        {{ key('source_id', 'account.move', 'move_id') }} || '/einvoice/' || change_id as einvoice_event_id,
        {{ key('source_id', 'res.company', 'company_id') }} as company_id,
        {{ key('source_id', 'account.move', 'move_id') }} as document_id,
        'sdi' as platform,
        case
            when notice in ('being_sent', 'processing', 'forward_attempt') then 'deposited'
            when
                notice in (
                    'forwarded',
                    'forward_failed',
                    'accepted_by_pa_partner',
                    'accepted_by_pa_partner_after_expiry'
                )
                then 'delivered'
            when notice = 'rejected' then 'rejected'
            when notice = 'rejected_by_pa_partner' then 'refused'
            else 'unknown'
        end as event_type,
        occurred_at
    from notices
)

{{ conform('einvoice_events', lacks=['reason']) }}

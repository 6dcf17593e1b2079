-- One row per thing that the exchange system said of an invoice, and one for its arrival there.
with

invoices as (
    select * from {{ ref('stg_fatturapa__invoices') }}
),

notices as (
    select * from {{ ref('stg_fatturapa__notices') }}
),

noticed as (
    select
        invoices.source_id,
        invoices.company_id,
        invoices.document_id,
        {{ key('invoices.document_id', 'Notifiche', 'notices.notice_file') }} as einvoice_event_id,
        case
            when notices.notice = 'NS' then 'rejected'
            when notices.verdict = 'EC02' then 'refused'
            -- A public body that cannot be reached is tried again; for others the invoice then waits on the portal.
            when notices.notice = 'MC' and invoices.form = 'FPA12' then 'deposited'
            else 'delivered'
        end as event_type,
        coalesce(
            notices.noticed_at,
            {{ utc_instant('cast(invoices.document_date as timestamp)', 'invoices.time_zone') }}
        ) as occurred_at,
        notices.reason
    from invoices
    inner join notices
        on
            invoices.source_id = notices.source_id
            and lower(invoices.file) = notices.invoice_file
            and coalesce(notices.invoice_position, invoices.position) = invoices.position
),

final as (
    select
        source_id,
        'fatturapa' as source_system,
        einvoice_event_id,
        company_id,
        document_id,
        'sdi' as platform,
        event_type,
        occurred_at,
        reason
    from noticed

    union all

    select
        source_id,
        'fatturapa' as source_system,
        document_id || '/Notifiche' as einvoice_event_id,
        company_id,
        document_id,
        'sdi' as platform,
        'deposited' as event_type,
        received_at as occurred_at,
        cast(null as {{ dbt.type_string() }}) as reason
    from invoices
    where received_at is not null
)

{{ conform('einvoice_events') }}

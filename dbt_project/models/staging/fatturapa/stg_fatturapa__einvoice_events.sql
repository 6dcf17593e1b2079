-- One row per thing that the exchange system said of a file's document, and one for its arrival there.
with

transmissions as (
    select
        *,
        {{ key('source_id', 'Notifiche', "file || '/' || position") }} as transmission_id
    from {{ ref('stg_fatturapa__transmissions') }}
),

notices as (
    select * from {{ ref('stg_fatturapa__notices') }}
),

noticed as (
    select
        transmissions.source_id,
        transmissions.company_id,
        transmissions.document_id,
        transmissions.transmission_id || '/' || notices.notice_file as einvoice_event_id,
        case
            when notices.notice = 'NS' then 'rejected'
            when notices.verdict = 'EC02' then 'refused'
            -- A public body that cannot be reached is tried again; for others the invoice then waits on the portal.
            when notices.notice = 'MC' and transmissions.form = 'FPA12' then 'deposited'
            else 'delivered'
        end as event_type,
        coalesce(
            notices.noticed_at,
            -- A buyer's verdict says no time of its own: it came after everything else that was said.
            max(notices.noticed_at) over (partition by transmissions.transmission_id),
            {{ utc_instant('cast(transmissions.document_date as timestamp)', 'transmissions.time_zone') }}
        ) as occurred_at,
        notices.reason
    from transmissions
    inner join notices
        on
            transmissions.source_id = notices.source_id
            and lower(transmissions.file) = notices.invoice_file
            and coalesce(notices.invoice_position, transmissions.position) = transmissions.position
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
        transmission_id as einvoice_event_id,
        company_id,
        document_id,
        'sdi' as platform,
        'deposited' as event_type,
        received_at as occurred_at,
        cast(null as {{ dbt.type_string() }}) as reason
    from transmissions
    where received_at is not null
)

{{ conform('einvoice_events') }}

-- One row per thing that happened to a document: created, changed status, sent, rescheduled, repriced.
with

documents as (
    select * from {{ ref('stg_odoo__document_records') }}
),

steps as (
    select * from {{ ref('stg_odoo__status_steps') }}
),

field_changes as (
    select
        *,
        field_name = 'credit_hold' as is_credit_check,
        coalesce(to_value, '0') in ('1', 'True', 'true') as is_set
    from {{ ref('stg_odoo__field_changes') }}
),

sent_messages as (
    select * from {{ ref('stg_odoo__sent_messages') }}
),

employees as (
    select distinct employee_id from {{ ref('stg_odoo__employees') }}
),

-- A creation says the status only where no change of the same instant says it better.
created as (
    select
        documents.source_id,
        documents.document_id,
        documents.company_id,
        documents.began_at as occurred_at,
        documents.began_by as user_id,
        case
            when instant_changes.document_id is not null then null
            when documents.document_type = 'order' then 'to_validate'
            when documents.document_type in ('preparation', 'return') then 'waiting'
            when documents.document_type = 'delivery_note' then 'shipped'
            else 'draft'
        end as to_status
    from documents
    left join (select distinct document_id, occurred_at from steps) as instant_changes
        on
            documents.document_id = instant_changes.document_id
            and documents.began_at = instant_changes.occurred_at
),

-- The first message after a confirmation acknowledges the order; later ones keep the customer informed.
told as (
    select
        documents.source_id,
        documents.document_id,
        documents.company_id,
        documents.document_type,
        sent_messages.message_id,
        sent_messages.sent_at as occurred_at,
        sent_messages.user_id,
        row_number() over (
            partition by documents.document_id order by sent_messages.sent_at, sent_messages.message_id
        ) as position
    from sent_messages
    inner join documents
        on
            sent_messages.source_id = documents.source_id
            and sent_messages.model = documents.model
            and sent_messages.res_id = documents.res_id
    where
        documents.document_type in ('return', 'delivery_note', 'invoice', 'deposit_invoice', 'credit_note')
        or (
            documents.document_type = 'order'
            and (not documents.was_quotation or sent_messages.sent_at >= documents.confirmed_at)
        )
        or (
            documents.document_type = 'quote'
            and (documents.confirmed_at is null or sent_messages.sent_at < documents.confirmed_at)
        )
),

changed as (
    select
        documents.source_id,
        documents.document_id,
        documents.company_id,
        field_changes.change_id,
        field_changes.occurred_at,
        field_changes.user_id,
        case
            when field_changes.is_credit_check and field_changes.is_set then 'credit_blocked'
            when field_changes.is_credit_check then 'credit_released'
            when
                field_changes.field_name in ('commitment_date', 'date_deadline', 'scheduled_date', 'invoice_date_due')
                then 'date_changed'
            when
                field_changes.field_name in ('amount_total', 'amount_untaxed', 'price_unit', 'discount')
                then 'price_changed'
            when field_changes.field_name in ('product_uom_qty', 'quantity') then 'quantity_changed'
            else 'field_changed'
        end as event_type,
        case field_changes.field_name
            when 'commitment_date' then 'last_confirmed_date'
            when 'date_deadline' then 'last_confirmed_date'
            when 'amount_total' then 'amount_incl_tax'
            when 'amount_untaxed' then 'amount_excl_tax'
            when 'user_id' then 'salesperson_id'
            when 'partner_id' then 'sold_to_customer_id'
            when 'partner_shipping_id' then 'ship_to_customer_id'
            when 'payment_term_id' then 'payment_term_id'
            else field_changes.field_name
        end as field_name,
        field_changes.from_value,
        field_changes.to_value,
        -- An order that was held goes back to where it stood.
        case
            when field_changes.is_credit_check and not field_changes.is_set then 'blocked'
        end as from_status,
        case
            when not field_changes.is_credit_check then null
            when field_changes.is_set then 'blocked'
            when documents.confirmed_at <= field_changes.occurred_at then 'waiting'
            else 'to_validate'
        end as to_status
    from field_changes
    inner join documents
        on
            field_changes.source_id = documents.source_id
            and field_changes.model = documents.model
            and field_changes.res_id = documents.res_id
    where
        documents.document_type not in ('delivery_note', 'quote', 'order')
        or (documents.document_type = 'order' and field_changes.occurred_at >= documents.began_at)
        or (
            documents.document_type = 'quote'
            and (documents.confirmed_at is null or field_changes.occurred_at < documents.confirmed_at)
        )
),

events as (
    select
        source_id,
        document_id,
        company_id,
        document_id || '/created' as document_event_id,
        'created' as event_type,
        occurred_at,
        user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        to_status,
        cast(null as {{ dbt.type_string() }}) as field_name,
        cast(null as {{ dbt.type_string() }}) as from_value,
        cast(null as {{ dbt.type_string() }}) as to_value,
        'source' as origin
    from created

    union all

    select
        source_id,
        document_id,
        company_id,
        document_id || '/' || step_id as document_event_id,
        'status_changed' as event_type,
        occurred_at,
        user_id,
        from_status,
        to_status,
        cast(null as {{ dbt.type_string() }}) as field_name,
        cast(null as {{ dbt.type_string() }}) as from_value,
        cast(null as {{ dbt.type_string() }}) as to_value,
        origin
    from steps

    union all

    select
        source_id,
        document_id,
        company_id,
        document_id || '/message/' || cast(message_id as {{ dbt.type_string() }}) as document_event_id,
        case
            when position > 1 then 'customer_informed'
            when document_type = 'order' then 'acknowledged'
            else 'sent'
        end as event_type,
        occurred_at,
        user_id,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status,
        cast(null as {{ dbt.type_string() }}) as field_name,
        cast(null as {{ dbt.type_string() }}) as from_value,
        cast(null as {{ dbt.type_string() }}) as to_value,
        'source' as origin
    from told

    union all

    select
        source_id,
        document_id,
        company_id,
        document_id || '/change/' || cast(change_id as {{ dbt.type_string() }}) as document_event_id,
        event_type,
        occurred_at,
        user_id,
        from_status,
        to_status,
        field_name,
        from_value,
        to_value,
        'source' as origin
    from changed
),

final as (
    select
        events.source_id,
        'odoo' as source_system,
        events.document_event_id,
        events.document_id,
        {{ key('events.source_id', 'res.company', 'events.company_id') }} as company_id,
        events.event_type,
        events.occurred_at,
        employees.employee_id,
        events.from_status,
        events.to_status,
        events.field_name,
        events.from_value,
        events.to_value,
        events.origin
    from events
    left join employees
        on employees.employee_id = {{ key('events.source_id', 'res.users', 'events.user_id') }}
    where events.occurred_at is not null
)

{{ conform('document_events', lacks=['document_line_id']) }}

-- One row per complaint.
with

complaints as (
    select * from {{ raw('tryton', 'sale_complaint') }}
),

types as (
    select * from {{ raw('tryton', 'sale_complaint_type') }}
),

companies as (
    select * from {{ ref('stg_tryton__companies') }}
),

origins as (
    select * from {{ ref('stg_tryton__complaint_origins') }}
),

reason_map as (
    {{ claim_reasons_of('tryton') }}
),

status_map as (
    select * from {{ ref('claim_status_map') }}
    where system = 'tryton'
),

-- What was done about it has a date of its own: of the return, or of the credit note.
outcomes as (
    select
        actions.source_id,
        actions.complaint,
        max(coalesce(sales.sale_date, invoices.invoice_date)) as done_on
    from {{ raw('tryton', 'sale_complaint_action') }} as actions
    left join {{ raw('tryton', 'sale_sale') }} as sales
        on actions.source_id = sales.source_id and sales.id = {{ tryton_id('actions.result', 'sale.sale') }}
    left join {{ raw('tryton', 'account_invoice') }} as invoices
        on actions.source_id = invoices.source_id and invoices.id = {{ tryton_id('actions.result', 'account.invoice') }}
    group by actions.source_id, actions.complaint
),

described as (
    select
        complaints.*,
        companies.company_id,
        types.name as type_name,
        coalesce(reason_map.reason, 'unknown') as reason,
        coalesce(status_map.status, 'unknown') as status,
        origins.sale_id,
        origins.sale_line_id,
        origins.invoice_id,
        origins.invoice_line_id,
        origins.product,
        {{ stated_instant('complaints.date', 'complaints.create_date', 'companies.time_zone') }} as opened_at,
        -- The day of the outcome where the complaint was recorded after its own day, else when it was recorded.
        case
            when outcomes.done_on >= complaints.date
                and {{ local_date('complaints.create_date', 'companies.time_zone') }} > complaints.date
                then {{ utc_instant('cast(outcomes.done_on as timestamp)', 'companies.time_zone') }}
            else complaints.changed_at
        end as ended_at
    from complaints
    inner join companies
        on companies.company_id = {{ key('complaints.source_id', 'company.company', 'complaints.company') }}
    left join types
        on complaints.source_id = types.source_id and complaints.type = types.id
    left join reason_map on lower(trim(types.name)) = reason_map.source_reason
    left join status_map on complaints.state = status_map.source_status
    left join origins
        on complaints.source_id = origins.source_id and complaints.id = origins.complaint_id
    left join outcomes
        on complaints.source_id = outcomes.source_id and complaints.id = outcomes.complaint
),

final as (
    select
        source_id,
        'tryton' as source_system,
        {{ key('source_id', 'sale.complaint', 'id') }} as claim_id,
        company_id,
        number as claim_number,
        {{ key('source_id', 'party.party', 'customer') }} as customer_id,
        coalesce(
            {{ key('source_id', 'account.invoice', 'invoice_id') }}, {{ key('source_id', 'sale.sale', 'sale_id') }}
        ) as document_id,
        coalesce(
            {{ key('source_id', 'account.invoice.line', 'invoice_line_id') }},
            {{ key('source_id', 'sale.line', 'sale_line_id') }}
        ) as document_line_id,
        {{ key('source_id', 'product.product', 'product') }} as product_id,
        reason,
        type_name as source_reason,
        status,
        state as source_status,
        'unknown' as channel,
        {{ key('source_id', 'company.employee', 'coalesce(approved_by, rejected_by, submitted_by)') }} as owner_id,
        opened_at,
        case when status = 'resolved' then ended_at end as resolved_at,
        case when status = 'closed' then ended_at end as closed_at
    from described
)

{{ conform('claims', lacks=['document_reference', 'carrier', 'priority', 'first_response_at', 'cost_amount']) }}

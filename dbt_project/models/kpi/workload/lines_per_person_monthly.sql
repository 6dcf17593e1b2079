-- One row per source, company, month, role and person: order lines sold by a salesperson, lines picked by a logistician.
with documents as (
    select document_id, source_id
    from {{ ref('fct_documents') }}
),

-- The order's own salesperson, whoever owns the customer by now.
sold as (
    select
        documents.source_id,
        lines.company_id,
        {{ month_of('lines.order_date') }} as month_start,
        'salesperson' as role,
        lines.salesperson_id as employee_id,
        count(*) as lines,
        count(distinct lines.order_id) as documents,
        sum(lines.company_amount_excl_tax) as amount
    from {{ ref('fct_order_lines') }} as lines
    inner join documents on lines.order_id = documents.document_id
    where lines.is_booked and lines.is_deliverable and lines.document_type = 'order' and lines.order_date <= {{ as_of_date() }}
    group by documents.source_id, lines.company_id, {{ month_of('lines.order_date') }}, lines.salesperson_id
),

shipped as (
    select
        documents.source_id,
        deliveries.company_id,
        {{ month_of('deliveries.shipped_date') }} as month_start,
        deliveries.picked_by_id,
        deliveries.document_id,
        deliveries.company_amount_excl_tax
    from {{ ref('fct_deliveries') }} as deliveries
    inner join documents on deliveries.document_id = documents.document_id
    where
        deliveries.document_type = 'delivery_note'
        and deliveries.is_shipped
        and deliveries.line_type = 'product'
        and deliveries.shipped_date <= {{ as_of_date() }}
),

-- A source that never tells who picked does not say that nobody did.
picking_sources as (
    select source_id, max(case when picked_by_id <> 'unknown' then 1 else 0 end) as tells_pickers
    from shipped
    group by source_id
),

picked as (
    select
        shipped.source_id,
        shipped.company_id,
        shipped.month_start,
        'logistician' as role,
        shipped.picked_by_id as employee_id,
        max(picking_sources.tells_pickers) as tells_pickers,
        count(*) as lines,
        count(distinct shipped.document_id) as documents,
        sum(coalesce(shipped.company_amount_excl_tax, 0)) as amount
    from shipped
    inner join picking_sources on shipped.source_id = picking_sources.source_id
    group by shipped.source_id, shipped.company_id, shipped.month_start, shipped.picked_by_id
),

people as (
    select source_id, company_id, month_start, role, employee_id, true as is_told, lines, documents, amount
    from sold
    union all
    select source_id, company_id, month_start, role, employee_id, tells_pickers = 1, lines, documents, amount
    from picked
)

select
    people.source_id,
    people.company_id,
    people.month_start,
    people.role,
    people.employee_id,
    companies.currency_code,
    cast(case when people.is_told then people.lines end as bigint) as lines,
    cast(case when people.is_told then people.documents end as bigint) as documents,
    {{ money('case when people.is_told then people.amount end') }} as amount_excl_tax
from people
inner join {{ ref('dim_company') }} as companies on people.company_id = companies.company_id

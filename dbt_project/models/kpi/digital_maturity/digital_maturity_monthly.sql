-- One row per company, month in which the documents were created, document type, channel and team.
with documents as (
    select
        document_id,
        source_id,
        company_id,
        {{ month_of('created_date') }} as month_start,
        document_type,
        channel,
        team,
        line_count,
        -- Nobody chose how a document arrives that another one brought about.
        generated_from_document_id is not null or channel = 'generated' as is_generated
    from {{ ref('fct_documents') }}
    where created_date <= {{ as_of_date() }}
),

companies as (
    select company_id, as_of_ends_at
    from {{ ref('dim_company') }}
),

channels as (
    select channel, is_electronic, is_hand_entered
    from {{ ref('dim_channel') }}
),

order_events as (
    select document_id, occurred_at, is_human
    from {{ ref('fct_document_events') }}
    where document_type = 'order' and origin = 'source'
),

-- Without its own log a source cannot say that nobody touched an order.
logging_sources as (
    select distinct documents.source_id
    from order_events
    inner join documents on order_events.document_id = documents.document_id
),

-- An invoice dated by the as-of date counts, also where it is posted after it: until then people may touch the order.
first_invoices as (
    select lines.order_id, min(coalesce(invoices.validated_at, companies.as_of_ends_at)) as invoiced_at
    from {{ ref('fct_invoice_lines') }} as lines
    inner join {{ ref('fct_documents') }} as invoices on lines.document_id = invoices.document_id
    inner join companies on invoices.company_id = companies.company_id
    where lines.document_type = 'invoice' and lines.is_issued and lines.order_id is not null
    group by lines.order_id
),

-- An order is judged once it is invoiced.
judged_orders as (
    select
        documents.document_id,
        first_invoices.invoiced_at,
        channels.is_electronic
    from documents
    inner join first_invoices on documents.document_id = first_invoices.order_id
    inner join logging_sources on documents.source_id = logging_sources.source_id
    inner join channels on documents.channel = channels.channel
    where documents.document_type = 'order' and not documents.is_generated
),

touched_orders as (
    select distinct judged_orders.document_id
    from judged_orders
    inner join order_events
        on
            judged_orders.document_id = order_events.document_id
            and order_events.is_human
            and order_events.occurred_at < judged_orders.invoiced_at
    union distinct
    -- Somebody cleared the message's error by hand.
    select document_id
    from {{ ref('fct_inbound_messages') }}
    where is_error and document_id is not null
),

counted as (
    select
        documents.company_id,
        documents.month_start,
        documents.document_type,
        documents.channel,
        documents.team,
        count(*) as documents,
        sum(case when documents.is_generated then 1 else 0 end) as generated_documents,
        sum(case when documents.is_generated then 0 else 1 end) as counted_documents,
        sum(case when documents.is_generated then 0 else documents.line_count end) as counted_lines,
        count(judged_orders.document_id) as judged_orders,
        sum(
            case
                when judged_orders.document_id is not null and judged_orders.is_electronic and touched_orders.document_id is null then 1
                else 0
            end
        ) as touchless_orders
    from documents
    left join judged_orders on documents.document_id = judged_orders.document_id
    left join touched_orders on documents.document_id = touched_orders.document_id
    group by documents.company_id, documents.month_start, documents.document_type, documents.channel, documents.team
),

compared as (
    select
        *,
        sum(counted_documents) over (partition by company_id, month_start, document_type, team) as team_documents
    from counted
)

select
    compared.company_id,
    compared.month_start,
    compared.document_type,
    compared.channel,
    compared.team,
    coalesce(channels.is_electronic, false) as is_electronic,
    coalesce(channels.is_hand_entered, false) as is_hand_entered,
    cast(compared.documents as bigint) as documents,
    cast(compared.generated_documents as bigint) as generated_documents,
    cast(compared.counted_documents as bigint) as counted_documents,
    cast(compared.counted_lines as bigint) as counted_lines,
    cast(compared.team_documents as bigint) as team_documents,
    case when compared.counted_documents > 0 then {{ ratio('compared.counted_documents', 'compared.team_documents') }} end as channel_share,
    case when compared.document_type = 'order' then cast(compared.judged_orders as bigint) end as judged_orders,
    case when compared.document_type = 'order' then cast(compared.touchless_orders as bigint) end as touchless_orders,
    {{ ratio('compared.touchless_orders', 'compared.judged_orders') }} as touchless_share
from compared
left join channels on compared.channel = channels.channel

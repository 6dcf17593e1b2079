-- One row per company, month of the credit note, reason, channel of the order behind it and team.
with documents as (
    select
        fact.document_id,
        fact.company_id,
        fact.document_type,
        fact.document_date,
        {{ month_of('fact.document_date') }} as month_start,
        fact.channel,
        fact.team,
        fact.reason,
        fact.corrects_document_id
    from {{ ref('fct_documents') }} as fact
    inner join {{ ref('dim_customer') }} as customers on fact.sold_to_customer_id = customers.customer_id
    -- Group companies are no customers, and their credit notes no loss of sales.
    where fact.document_type in ('invoice', 'credit_note') and fact.is_issued and customers.customer_class <> 'intercompany'
),

lines as (
    select
        invoice_line_id,
        document_id,
        document_type,
        order_line_id,
        order_id,
        invoice_date,
        corrects_document_id,
        reverses_invoice,
        case when is_revenue then company_net_amount_excl_tax else 0 end as sales_amount
    from {{ ref('fct_invoice_lines') }}
    where is_issued and document_type in ('invoice', 'credit_note')
),

orders as (
    select document_id, channel
    from {{ ref('fct_documents') }}
    where document_type in ('order', 'framework_order')
),

returned_lines as (
    select order_line_id, min(shipped_date) as first_returned_on
    from {{ ref('fct_deliveries') }}
    where document_type = 'return' and is_shipped and order_line_id is not null
    group by order_line_id
),

-- A document's own channel is "generated": what matters is how its order arrived.
amounts as (
    select
        lines.document_id,
        sum(lines.sales_amount) as sales_amount,
        min(orders.channel) as order_channel,
        max(case when lines.reverses_invoice then 1 else 0 end) as reverses_invoice,
        max(case when returned_lines.first_returned_on <= lines.invoice_date then 1 else 0 end) as follows_return
    from lines
    left join orders on lines.order_id = orders.document_id
    left join returned_lines on lines.order_line_id = returned_lines.order_line_id
    group by lines.document_id
),

-- The same order line invoiced again soon after a credit note that took back a whole invoice.
reissued as (
    select distinct credits.document_id
    from lines as credits
    inner join lines as invoices
        on
            credits.order_line_id = invoices.order_line_id
            and invoices.document_type = 'invoice'
            and invoices.invoice_date between credits.invoice_date and {{ add_days('credits.invoice_date', var('reinvoice_days')) }}
            and (credits.corrects_document_id is null or invoices.document_id <> credits.corrects_document_id)
    where credits.document_type = 'credit_note' and credits.reverses_invoice
),

claims as (
    select
        claims.document_id,
        max(case when reasons.origin in ('sales_administration', 'logistics') then 1 else 0 end) as is_our_error,
        max(case when claims.claim_reason = 'price' then 1 else 0 end) as is_about_price,
        max(case when claims.claim_reason = 'return_request' then 1 else 0 end) as is_return
    from {{ ref('fct_claims') }} as claims
    inner join {{ ref('dim_claim_reason') }} as reasons on claims.claim_reason = reasons.claim_reason
    where claims.document_id is not null
    group by claims.document_id
),

declared as (
    {{ declared_credit_note_reasons('documents') }}
),

-- What was reissued tells itself; then what somebody wrote; then what else is known of the goods and claims.
reasoned as (
    select
        documents.*,
        coalesce(amounts.order_channel, documents.channel) as order_channel,
        coalesce(amounts.sales_amount, 0) as sales_amount,
        case
            when reissued.document_id is not null and amounts.follows_return = 0 then 'cancel_and_reinvoice'
            when declared.credit_note_reason is not null then declared.credit_note_reason
            when amounts.follows_return = 1 or claims.is_return = 1 then 'return'
            when claims.is_about_price = 1 then 'price'
            when claims.is_our_error = 1 then 'our_error'
            else 'unknown'
        end as credit_note_reason
    from documents
    left join amounts on documents.document_id = amounts.document_id
    left join reissued on documents.document_id = reissued.document_id
    left join declared on documents.document_id = declared.document_id
    left join claims on documents.corrects_document_id = claims.document_id
),

sales as (
    select
        company_id,
        month_start,
        order_channel,
        team,
        count(*) as invoices,
        sum(sales_amount) as invoiced_amount
    from reasoned
    where document_type = 'invoice'
    group by company_id, month_start, order_channel, team
),

credits as (
    select
        company_id,
        month_start,
        credit_note_reason,
        order_channel,
        team,
        count(*) as credit_notes,
        -sum(sales_amount) as credited_amount
    from reasoned
    where document_type = 'credit_note'
    group by company_id, month_start, credit_note_reason, order_channel, team
)

select
    credits.company_id,
    credits.month_start,
    credits.credit_note_reason,
    credits.order_channel as channel,
    credits.team,
    companies.currency_code,
    cast(credits.credit_notes as bigint) as credit_notes,
    {{ money('credits.credited_amount') }} as credited_amount_excl_tax,
    cast(coalesce(sales.invoices, 0) as bigint) as invoices,
    {{ money('coalesce(sales.invoiced_amount, 0)') }} as invoiced_amount_excl_tax,
    {{ ratio('credits.credited_amount', 'sales.invoiced_amount') }} as credited_share
from credits
inner join {{ ref('dim_company') }} as companies on credits.company_id = companies.company_id
left join sales
    on
        credits.company_id = sales.company_id
        and credits.month_start = sales.month_start
        and credits.order_channel = sales.order_channel
        and credits.team = sales.team

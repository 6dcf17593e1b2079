-- One row per quote.
with

quotes as (
    select * from {{ ref('stg_suitecrm__quotes') }}
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'suitecrm' and source_type = 'aos_quotes' and document_type = 'quote'
),

steps as (
    select
        events.document_id,
        min(case when events.event_type = 'sent' then events.occurred_at end) as sent_at,
        max(case when events.to_status in ('settled', 'rejected', 'cancelled') then events.occurred_at end) as closed_at
    from {{ ref('stg_suitecrm__document_events') }} as events
    group by events.document_id
),

described as (
    select
        quotes.*,
        coalesce(status_map.status, 'unknown') as status,
        steps.sent_at,
        -- Closed without a word in its audit: when it was changed last.
        case when status_map.is_terminal then coalesce(steps.closed_at, quotes.date_modified) end as closed_at,
        {{ key('quotes.source_id', 'accounts', 'quotes.billing_account_id') }} as customer_id
    from quotes
    left join status_map on lower(trim(quotes.stage)) = status_map.source_status
    left join steps on quotes.document_id = steps.document_id
),

final as (
    select
        source_id,
        'suitecrm' as source_system,
        document_id,
        company_id,
        'quote' as document_type,
        cast(number as {{ dbt.type_string() }}) as document_number,
        status,
        stage as source_status,
        'manual' as channel,
        customer_id as sold_to_customer_id,
        customer_id as ship_to_customer_id,
        customer_id as payer_customer_id,
        {{ key('source_id', 'users', 'created_by') }} as agent_id,
        {{ key('source_id', 'users', 'assigned_user_id') }} as salesperson_id,
        false as is_backorder,
        currency_code,
        -- Shipping stands beside the subtotal, its tax within the tax.
        {{ money('subtotal_amount + coalesce(shipping_amount, 0)') }} as amount_excl_tax,
        {{ money('tax_amount') }} as amount_tax,
        {{ money('total_amount') }} as amount_incl_tax,
        {{ money(
            'coalesce(subtotal_amount_usdollar, subtotal_amount / conversion_rate)'
            ~ ' + coalesce(shipping_amount_usdollar, shipping_amount / conversion_rate, 0)'
        ) }} as company_amount_excl_tax,
        {{ money('coalesce(total_amount_usdollar, total_amount / conversion_rate)') }} as company_amount_incl_tax,
        -- In UTC: the time zone is the company's, which another system knows.
        cast(date_entered as date) as document_date,
        date_entered as entered_at,
        sent_at,
        closed_at,
        case when status = 'cancelled' then closed_at end as cancelled_at,
        expiration as valid_until
    from described
)

{{ conform('documents', lacks=[
    'customer_reference', 'team', 'generated_from_document_id', 'corrects_document_id', 'backorder_of_document_id',
    'reason', 'delivery_reason', 'incoterm', 'carrier', 'site', 'payment_method', 'payment_term_id', 'received_at',
    'acknowledged_at', 'validated_at', 'shipped_at', 'cancelled_by', 'requested_date', 'first_confirmed_date',
    'last_confirmed_date', 'last_told_date',
]) }}

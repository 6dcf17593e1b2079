-- One row per order line and change of its terms: quantity, net price and promise as they were.
-- The first row, number 0, holds the terms that the line was entered with.
{%- set thousand_pieces = '10 * coalesce(lines.unit_price_excl_tax, 0) * (100 - coalesce(lines.discount_percent, 0))' %}
with documents as (
    select
        document.*,
        {{ known('document.company_id') }} as resolved_company_id
    from {{ ref('int_documents') }} as document
    {{ join_known('company', 'document.company_id') }}
    where document.document_type in ('order', 'framework_order')
),

orders as (
    select
        documents.document_id,
        documents.amount_excl_tax,
        documents.company_amount_excl_tax,
        documents.requested_date,
        documents.first_confirmed_date,
        documents.last_confirmed_date,
        company.time_zone
    from documents
    inner join {{ ref('dim_company') }} as company on documents.resolved_company_id = company.company_id
),

-- The terms as they are now. A line of nothing has no amount: a thousand pieces of it are priced.
current_terms as (
    select
        lines.document_line_id,
        lines.document_id,
        orders.time_zone,
        lines.quantity,
        lines.unit_price_excl_tax,
        case when lines.quantity <> 0 then lines.quantity else 1000 end as priced_quantity,
        case
            when lines.quantity <> 0 then lines.company_amount_excl_tax
            else coalesce(
                {{ apportioned(thousand_pieces, 'orders.company_amount_excl_tax', 'orders.amount_excl_tax') }},
                {{ money('round(' ~ thousand_pieces ~ ', 4)') }}
            )
        end as priced_amount,
        coalesce(
            lines.last_confirmed_date,
            orders.last_confirmed_date,
            lines.first_confirmed_date,
            orders.first_confirmed_date,
            lines.requested_date,
            orders.requested_date
        ) as promised_date
    from {{ ref('int_document_lines') }} as lines
    inner join orders on lines.document_id = orders.document_id
),

line_events as (
    select document_event_id, document_id, document_line_id, event_type, occurred_at, from_value, to_value
    from {{ ref('int_document_events') }}
    where
        event_type in ('quantity_changed', 'price_changed')
        or (event_type = 'date_changed' and field_name = 'last_confirmed_date')
),

-- A new promise for the order is one for each of its lines.
events_per_line as (
    select line_events.*, terms.document_line_id as changed_line_id, terms.time_zone
    from line_events
    inner join current_terms as terms on line_events.document_line_id = terms.document_line_id
    union all
    select line_events.*, terms.document_line_id as changed_line_id, terms.time_zone
    from line_events
    inner join current_terms as terms on line_events.document_id = terms.document_id
    where line_events.document_line_id is null and line_events.event_type = 'date_changed'
),

changes as (
    select
        changed_line_id as document_line_id,
        occurred_at,
        event_type,
        to_value,
        -- Some systems promise a day, others an instant.
        case
            when event_type = 'date_changed' and length(from_value) > 10
                then cast({{ local_date('cast(from_value as timestamp)', 'time_zone') }} as {{ dbt.type_string() }})
            else from_value
        end as from_value,
        row_number() over (partition by changed_line_id order by occurred_at, document_event_id) as term_number
    from events_per_line
),

numbered as (
    select
        document_line_id,
        0 as term_number,
        cast(null as {{ dbt.type_timestamp() }}) as valid_from_at,
        cast(null as {{ dbt.type_string() }}) as event_type,
        cast(null as {{ dbt.type_string() }}) as from_value,
        cast(0 as decimal(18, 4)) as quantity_change
    from current_terms
    union all
    select
        document_line_id,
        term_number,
        occurred_at as valid_from_at,
        event_type,
        from_value,
        case
            when event_type = 'quantity_changed'
                then
                    coalesce(cast(to_value as decimal(18, 4)), 0) - coalesce(cast(from_value as decimal(18, 4)), 0)
            else 0
        end as quantity_change
    from changes
),

-- What held after a change is what the next change of the same kind replaced.
following as (
    select
        *,
        coalesce(
            sum(quantity_change) over (
                partition by document_line_id order by term_number rows between 1 following and unbounded following
            ),
            0
        ) as later_quantity_change,
        min(case when event_type = 'price_changed' then term_number end) over (
            partition by document_line_id order by term_number rows between 1 following and unbounded following
        ) as next_price_change,
        min(case when event_type = 'date_changed' then term_number end) over (
            partition by document_line_id order by term_number rows between 1 following and unbounded following
        ) as next_date_change
    from numbered
)

select
    following.document_line_id,
    terms.document_id,
    cast(following.term_number as bigint) as term_number,
    following.valid_from_at,
    cast(terms.quantity - following.later_quantity_change as decimal(18, 4)) as quantity,
    {{ money('terms.priced_quantity') }} as priced_quantity,
    case
        when price_change.from_value is null or coalesce(terms.unit_price_excl_tax, 0) = 0 then terms.priced_amount
        else {{ apportioned('terms.priced_amount', money('price_change.from_value'), 'terms.unit_price_excl_tax') }}
    end as priced_amount,
    case
        when following.next_date_change is null then terms.promised_date
        -- The first promise of a line that had none is no change of what it was promised.
        else coalesce(cast(date_change.from_value as date), terms.promised_date)
    end as promised_date
from following
inner join current_terms as terms on following.document_line_id = terms.document_line_id
left join changes as price_change
    on
        following.document_line_id = price_change.document_line_id
        and following.next_price_change = price_change.term_number
left join changes as date_change
    on
        following.document_line_id = date_change.document_line_id
        and following.next_date_change = date_change.term_number

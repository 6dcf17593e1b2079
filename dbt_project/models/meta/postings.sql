-- One row per measure, entity and business date: dated amounts whose sum up to a day is the measure's
-- figure of that day. The next publication compares its own with these.
with postings as (
    select
        'open_receivables' as measure,
        position_type as entity,
        position_id as entity_id,
        company_id,
        valid_from as business_date,
        company_open_amount as amount
    from {{ ref('int_receivable_intervals') }}
    union all
    select
        'open_receivables',
        position_type,
        position_id,
        company_id,
        {{ add_days('valid_to', 1) }},
        -company_open_amount
    from {{ ref('int_receivable_intervals') }}
    where valid_to < {{ as_of_date() }}
    union all
    select 'invoiced_revenue', 'invoice_line', invoice_line_id, company_id, invoice_date, company_net_amount_excl_tax
    from {{ ref('fct_invoice_lines') }}
    where is_revenue
    union all
    select
        'order_intake',
        'order_line',
        order_line_id,
        company_id,
        occurred_on,
        company_open_amount_excl_tax - previous_company_open_amount_excl_tax
    from {{ ref('int_order_book_movements') }}
    where book = 'to_deliver' and movement = 'new'
    union all
    select
        'order_book_' || book,
        'order_line',
        order_line_id,
        company_id,
        occurred_on,
        company_open_amount_excl_tax - previous_company_open_amount_excl_tax
    from {{ ref('int_order_book_movements') }}
    union all
    select 'open_claims', 'claim', claim_id, company_id, opened_on, 1
    from {{ ref('int_claim_intervals') }}
    union all
    select 'open_claims', 'claim', claim_id, company_id, ended_on, -1
    from {{ ref('int_claim_intervals') }}
    where ended_on is not null
)

select
    measure,
    entity,
    entity_id,
    company_id,
    business_date,
    {{ money('sum(amount)') }} as amount
from postings
where business_date <= {{ as_of_date() }}
group by measure, entity, entity_id, company_id, business_date
having sum(amount) <> 0

-- One row per payment term, described by its last instalment.
with

terms as (
    select * from {{ raw('tryton', 'account_invoice_payment_term') }}
),

-- The steps from the invoice's date: months and days are added, a 31st means the end of the month.
steps as (
    select
        source_id,
        line,
        sum(coalesce(months, 0) * 30 + coalesce(weeks, 0) * 7 + coalesce(days, 0)) as days,
        max(case when day = 31 then 1 else 0 end) = 1 as is_end_of_month,
        max(case when day < 31 then day end) as day_of_month
    from {{ raw('tryton', 'account_invoice_payment_term_line_delta') }}
    group by source_id, line
),

term_lines as (
    select
        term_lines.source_id,
        term_lines.payment,
        coalesce(steps.days, 0) as days,
        coalesce(steps.is_end_of_month, false) as is_end_of_month,
        steps.day_of_month,
        count(*) over (partition by term_lines.source_id, term_lines.payment) as instalment_count,
        row_number() over (
            partition by term_lines.source_id, term_lines.payment
            order by coalesce(steps.days, 0) desc, term_lines.id desc
        ) as position_from_last
    from {{ raw('tryton', 'account_invoice_payment_term_line') }} as term_lines
    left join steps
        on term_lines.source_id = steps.source_id and term_lines.id = steps.line
),

final as (
    select
        terms.source_id,
        'tryton' as source_system,
        {{ key('terms.source_id', 'account.invoice.payment_term', 'terms.id') }} as payment_term_id,
        coalesce(terms.name, cast(terms.id as {{ dbt.type_string() }})) as name,
        coalesce(term_lines.days, 0) as days,
        case when term_lines.is_end_of_month then 'days_then_end_of_month' else 'none' end as end_of_month_method,
        term_lines.day_of_month,
        coalesce(term_lines.instalment_count, 1) as instalment_count,
        -- Sixty days from the invoice, or forty-five days and the end of the month.
        case when term_lines.is_end_of_month then 45 else 60 end as legal_maximum_days
    from terms
    left join term_lines
        on
            terms.source_id = term_lines.source_id
            and terms.id = term_lines.payment
            and term_lines.position_from_last = 1
)

{{ conform('payment_terms', lacks=['discount_percent', 'discount_days']) }}

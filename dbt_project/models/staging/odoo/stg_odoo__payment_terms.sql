-- One row per payment term, described by its last instalment.
with

terms as (
    select * from {{ raw('odoo', 'account_payment_term') }}
),

term_lines as (
    select
        *,
        row_number() over (
            partition by source_id, payment_id order by coalesce(nb_days, 0) desc, id desc
        ) as position_from_last,
        count(*) over (partition by source_id, payment_id) as instalment_count
    from {{ raw('odoo', 'account_payment_term_line') }}
),

described as (
    select
        terms.*,
        -- "End of next month" is the end of the month after the days, one month later.
        coalesce(term_lines.nb_days, 0)
        + case when term_lines.delay_type = 'days_after_end_of_next_month' then 30 else 0 end as days,
        case
            when
                term_lines.delay_type in ('days_after_end_of_month', 'days_after_end_of_next_month')
                then 'end_of_month_then_days'
            when term_lines.delay_type = 'days_end_of_month_on_the' then 'days_then_end_of_month'
            else 'none'
        end as end_of_month_method,
        case
            when term_lines.delay_type = 'days_end_of_month_on_the'
                then nullif(cast(term_lines.days_next_month as bigint), 0)
        end as day_of_month,
        coalesce(term_lines.instalment_count, 1) as instalment_count
    from terms
    left join term_lines
        on
            terms.source_id = term_lines.source_id
            and terms.id = term_lines.payment_id
            and term_lines.position_from_last = 1
),

final as (
    select
        source_id,
        'odoo' as source_system,
        {{ key('source_id', 'account.payment.term', 'id') }} as payment_term_id,
        coalesce({{ translated('name') }}, cast(id as {{ dbt.type_string() }})) as name,
        days,
        end_of_month_method,
        day_of_month,
        instalment_count,
        case when coalesce(early_discount, discount_percentage is not null) then discount_percentage end
            as discount_percent,
        case when coalesce(early_discount, discount_percentage is not null) then discount_days end
            as discount_days,
        -- Sixty days from the invoice, or forty-five days and the end of the month.
        case when end_of_month_method = 'none' then 60 else 45 end as legal_maximum_days
    from described
)

{{ conform('payment_terms') }}

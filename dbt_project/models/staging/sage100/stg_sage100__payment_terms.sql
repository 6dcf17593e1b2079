-- One row per payment term, described by its last instalment.
with

terms as (
    select * from {{ raw('sage100', 'F_MODELER') }}
),

parts as (
    select
        *,
        row_number() over (
            partition by source_id, mr_no order by coalesce(er_nbjour, 0) desc, cbmarq desc
        ) as position_from_last,
        count(*) over (partition by source_id, mr_no) as instalment_count
    from {{ raw('sage100', 'F_EMODELER') }}
),

final as (
    select
        terms.source_id,
        'sage100' as source_system,
        {{ key('terms.source_id', 'F_MODELER', 'terms.mr_no') }} as payment_term_id,
        coalesce(nullif(trim(terms.mr_intitule), ''), cast(terms.mr_no as {{ dbt.type_string() }})) as name,
        coalesce(parts.er_nbjour, 0) as days,
        -- 0 is net, 1 the end of the calendar month, 2 the end of the month.
        case when coalesce(parts.er_condition, 0) > 0 then 'days_then_end_of_month' else 'none' end as end_of_month_method,
        nullif(parts.er_jourtb01, 0) as day_of_month,
        coalesce(parts.instalment_count, 1) as instalment_count,
        case when coalesce(parts.er_condition, 0) > 0 then 45 else 60 end as legal_maximum_days
    from terms
    left join parts
        on terms.source_id = parts.source_id and terms.mr_no = parts.mr_no and parts.position_from_last = 1
)

{{ conform('payment_terms', lacks=['discount_percent', 'discount_days']) }}

-- One row per payment term. Its kind 0 counts days, 1 then goes to the end of the month, 2 to a day of the month.
with

terms as (
    select * from {{ raw('dolibarr', 'llx_c_payment_term') }}
),

final as (
    select
        source_id,
        'dolibarr' as source_system,
        {{ key('source_id', 'payment_term', 'rowid') }} as payment_term_id,
        coalesce(nullif(libelle, ''), code) as name,
        coalesce(nbjour, 0) + case when coalesce(type_cdr, 0) = 0 then coalesce(decalage, 0) else 0 end as days,
        case when type_cdr in (1, 2) then 'days_then_end_of_month' else 'none' end as end_of_month_method,
        case when type_cdr in (1, 2) then nullif(decalage, 0) end as day_of_month,
        1 as instalment_count,
        -- Sixty days from the invoice, or forty-five days and the end of the month.
        case when type_cdr in (1, 2) then 45 else 60 end as legal_maximum_days
    from terms
)

{{ conform('payment_terms', lacks=['discount_percent', 'discount_days']) }}

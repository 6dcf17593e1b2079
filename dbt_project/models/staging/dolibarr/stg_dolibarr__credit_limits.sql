-- One row per customer and period in which an outstanding limit was in force, as seen by comparing loads.
with

compared as (
    select
        *,
        -- 0 and empty both mean that no limit was set.
        coalesce(outstanding_limit, 0) as amount,
        lag(coalesce(outstanding_limit, 0)) over (partition by customer_id order by from_load) as previous_amount
    from {{ ref('stg_dolibarr__customer_versions') }}
),

steps as (
    select
        *,
        -- What an account held when it was first seen, it is taken to have held from its opening.
        case when previous_amount is null then coalesce(cast(created_at as date), modified_on) else modified_on end as changed_on
    from compared
    where previous_amount is null or previous_amount <> amount
),

periods as (
    select
        *,
        lead(changed_on) over (partition by customer_id order by from_load) as next_changed_on
    from steps
),

final as (
    select
        source_id,
        'dolibarr' as source_system,
        customer_id || '/limit/' || cast(changed_on as {{ dbt.type_string() }}) as credit_limit_id,
        company_id,
        customer_id,
        'internal' as limit_kind,
        amount,
        coalesce(currency_code, 'EUR') as currency_code,
        changed_on as valid_from,
        {{ add_days('next_changed_on', -1) }} as valid_to
    from periods
    where amount > 0 and (next_changed_on is null or next_changed_on > changed_on)
)

{{ conform('credit_limits', lacks=['insurer']) }}

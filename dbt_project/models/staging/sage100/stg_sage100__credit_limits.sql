-- One row per customer, kind of limit and period in which it was in force.
with

versions as (
    select * from {{ ref('stg_sage100__customer_versions') }}
),

{%- set kinds = ['internal', 'insured'] %}

stated as (
    {%- for kind in kinds %}
    select
        source_id,
        company_id,
        currency_code,
        customer_id,
        from_load,
        to_load,
        created_on,
        cast(modified_at as date) as modified_on,
        '{{ kind }}' as limit_kind,
        {{ kind }}_limit as amount
    from versions
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

compared as (
    select
        *,
        lag(amount) over (partition by customer_id, limit_kind order by from_load) as previous_amount
    from stated
),

steps as (
    select
        *,
        -- What an account held when it was first seen, it is taken to have held from its opening.
        case when previous_amount is null then coalesce(created_on, modified_on) else modified_on end as changed_on
    from compared
    where previous_amount is null or previous_amount <> amount
),

periods as (
    select
        *,
        lead(changed_on) over (partition by customer_id, limit_kind order by from_load) as next_changed_on
    from steps
),

final as (
    select
        source_id,
        'sage100' as source_system,
        customer_id || '/' || limit_kind || '/' || cast(changed_on as {{ dbt.type_string() }}) as credit_limit_id,
        company_id,
        customer_id,
        limit_kind,
        amount,
        currency_code,
        changed_on as valid_from,
        {{ add_days('next_changed_on', -1) }} as valid_to
    from periods
    -- Sage writes 0 where no limit was set.
    where amount > 0 and (next_changed_on is null or next_changed_on > changed_on)
)

{{ conform('credit_limits', lacks=['insurer']) }}

-- One row per source and table: the last batch merged, and how old it was when this run was launched.
with

loads as (

    select
        *,
        row_number() over (partition by source_id, table_name order by load_id desc) as recency,
        max(extracted_at) over (partition by source_id) as source_extracted_at
    from {{ ref('loads') }}

),

current_run as (

    select known_at, known_load from {{ source('control', 'current_run') }}

)

select
    loads.source_id,
    loads.source_system,
    loads.table_name,
    loads.load_id as last_load_id,
    loads.extracted_at as last_extracted_at,
    loads.rows_extracted as last_rows_extracted,
    loads.rows_quarantined as last_rows_quarantined,
    loads.rows_current,
    cast({{ seconds_between('loads.extracted_at', 'current_run.known_at') }} / 3600.0 as decimal(18, 2)) as hours_old,
    cast(policies.fresh_within_hours as decimal(18, 2)) as fresh_within_hours,
    loads.load_id <> current_run.known_load as is_stale,
    {{ seconds_between('loads.source_extracted_at', 'current_run.known_at') }} > policies.fresh_within_hours * 3600 as is_late
from loads
cross join current_run
left join {{ source('control', 'freshness_policies') }} as policies on loads.source_id = policies.source_id
where loads.recency = 1

-- One row per source and table: the last batch merged, and how old it was when this run was launched.
with

loads as (

    select
        *,
        row_number() over (partition by source_id, table_name order by load_id desc) as recency,
        max(extracted_at) over (partition by source_id) as source_extracted_at
    from {{ ref('loads') }}

),

-- The last run that was asked to read a source: one that left it out does not make it stale.
asked as (

    select sources.source_id, max(runs.known_load) as asked_load
    from (select distinct source_id from {{ ref('loads') }}) as sources
    inner join {{ source('control', 'runs') }} as runs
        on
            runs.only_sources is null
            or position(',' || sources.source_id || ',' in ',' || runs.only_sources || ',') > 0
    group by 1

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
    loads.load_id < coalesce(asked.asked_load, current_run.known_load) as is_stale,
    {{ seconds_between('loads.source_extracted_at', 'current_run.known_at') }} > policies.fresh_within_hours * 3600 as is_late
from loads
cross join current_run
left join asked on loads.source_id = asked.source_id
left join {{ source('control', 'freshness_policies') }} as policies on loads.source_id = policies.source_id
where loads.recency = 1

-- One row per run: those that reached the warehouse, up to the one that built these marts, and those
-- that failed before. What building and publishing came to is known of earlier runs only.
with

reached as (

    select * from {{ source('control', 'runs') }}

),

measured as (

    select * from {{ source('control', 'measured_runs') }}

),

loads as (

    select run_id, sum(rows_extracted) as rows_extracted, sum(rows_quarantined) as rows_quarantined
    from {{ source('control', 'loads') }}
    group by 1

)

select
    coalesce(reached.run_id, measured.run_id) as run_id,
    coalesce(reached.as_of_date, measured.as_of_date) as as_of_date,
    reached.known_at,
    reached.known_load,
    measured.started_by,
    coalesce(reached.started_at, measured.began_at) as started_at,
    reached.loaded_at,
    cast(measured.seconds as decimal(18, 3)) as seconds,
    measured.outcome,
    nullif(measured.reason, '') as reason,
    cast(loads.rows_extracted as bigint) as rows_extracted,
    cast(loads.rows_quarantined as bigint) as rows_quarantined,
    measured.published_rows,
    measured.published_bytes,
    reached.only_sources
from reached
full outer join measured on reached.run_id = measured.run_id
left join loads on reached.run_id = loads.run_id

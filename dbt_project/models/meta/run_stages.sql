-- One row per run, stage and source landed: how long it took and what became of it. What building, checking
-- and publishing took is known of earlier runs than the one that built these marts.
select
    run_id,
    stage,
    source_id,
    began_at as started_at,
    cast(seconds as decimal(18, 3)) as seconds,
    outcome,
    nullif(reason, '') as reason
from {{ source('control', 'measured_stages') }}

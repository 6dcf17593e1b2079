-- One row per run, batch and rule checked, on batches known to this run.
select
    run_id,
    load_id,
    source_id,
    table_name,
    rule,
    severity,
    passed,
    rows_checked,
    rows_failed,
    examples,
    accepted_because
from {{ source('control', 'checks') }}
where load_id is null or load_id <= {{ known_load() }}

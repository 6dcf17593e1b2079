-- One row per batch merged into raw and known to this run.
select
    load_id,
    run_id,
    source_id,
    system as source_system,
    table_name,
    extracted_at,
    merged_at,
    rows_extracted,
    rows_quarantined,
    rows_added,
    rows_changed,
    rows_deleted,
    rows_current,
    cursor_from,
    cursor_to,
    schema_hash
from {{ source('control', 'loads') }}
where load_id <= {{ known_load() }}

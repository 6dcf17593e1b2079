-- One row per run that reached the warehouse, up to the one that built these marts.
select run_id, as_of_date, known_at, known_load, started_at, loaded_at
from {{ source('control', 'runs') }}

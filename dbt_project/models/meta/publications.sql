-- One row per day that was published, with the last publication of it, up to the one that these
-- marts are. Publishing an earlier day anew takes back the days after it.
select
    as_of_date,
    run_id,
    known_load,
    known_at
from {{ published_days() }} as earlier
where as_of_date < {{ as_of_date() }}
union all
select
    as_of_date,
    run_id,
    known_load,
    known_at
from {{ source('control', 'current_run') }}

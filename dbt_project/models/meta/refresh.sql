-- One row: the refresh that these marts are.
select
    as_of_date,
    known_at,
    run_id,
    cast('{{ var("marts_schema_version") }}' as {{ dbt.type_string() }}) as schema_version
from {{ source('control', 'current_run') }}

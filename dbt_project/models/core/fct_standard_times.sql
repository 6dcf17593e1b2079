-- One row per source, task, channel and first day: minutes that one unit of work takes.
with

standard_times as (

    select * from {{ ref('int_standard_times') }}

)

select
    standard_times.source_id,
    standard_times.source_system,
    standard_times.task,
    standard_times.document_type,
    standard_times.event_type,
    standard_times.channel,
    standard_times.minutes,
    standard_times.valid_from,
    standard_times.valid_to
from standard_times

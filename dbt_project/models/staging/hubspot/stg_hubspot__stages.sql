-- One row per stage of a pipeline, with the status that it stands for: by its name, or else by whether tickets are
-- open in it.
with

stages as (
    select * from {{ raw('hubspot', 'stage') }}
),

status_map as (
    select * from {{ ref('claim_status_map') }}
    where system = 'hubspot'
)

select
    stages.source_id,
    stages.pipeline_id,
    stages.id as stage_id,
    stages.label,
    coalesce(
        status_map.status,
        case stages.ticketstate when 'CLOSED' then 'closed' when 'OPEN' then 'in_progress' end,
        'unknown'
    ) as status
from stages
left join status_map on lower(trim(stages.label)) = status_map.source_status

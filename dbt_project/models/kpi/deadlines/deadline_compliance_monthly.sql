-- One row per as-of date, company, month in which the work came up, task and team.
{%- set outcomes = ['met', 'late', 'open_late', 'not_yet_due', 'withdrawn', 'by_robot', 'unmeasured'] %}
with deadlines as (
    select
        companies.company_id,
        general.task,
        general.document_type,
        general.event_type,
        coalesce(own.working_minutes, general.working_minutes) as deadline_minutes
    from {{ ref('dim_company') }} as companies
    cross join {{ ref('work_deadlines') }} as general
    left join {{ ref('work_deadlines') }} as own
        on companies.company_id = own.company_id and general.task = own.task
    where general.company_id = 'all'
),

-- What was dropped after its deadline had missed it all the same; what may still be in time is not judged.
judged as (
    select
        items.company_id,
        {{ month_of('items.arrived_on') }} as month_start,
        deadlines.task,
        items.team,
        deadlines.deadline_minutes,
        items.waited_minutes,
        items.done_on,
        case
            when items.is_by_robot then 'by_robot'
            when items.waited_minutes is null then 'unmeasured'
            when items.waited_minutes > deadlines.deadline_minutes
                then case when items.done_on is null and items.withdrawn_on is null then 'open_late' else 'late' end
            when items.done_on is not null then 'met'
            when items.withdrawn_on is not null then 'withdrawn'
            else 'not_yet_due'
        end as outcome
    from {{ ref('int_work_items') }} as items
    inner join deadlines
        on
            items.company_id = deadlines.company_id
            and items.document_type = deadlines.document_type
            and items.event_type = deadlines.event_type
),

months as (
    select
        company_id,
        month_start,
        task,
        team,
        max(deadline_minutes) as deadline_minutes,
        {%- for outcome in outcomes %}
        sum(case when outcome = '{{ outcome }}' then 1 else 0 end) as {{ outcome }}_items,
        {%- endfor %}
        sum(case when outcome in ('met', 'late') and done_on is not null then waited_minutes else 0 end) as waited_minutes,
        sum(case when outcome in ('met', 'late') and done_on is not null then 1 else 0 end) as waited_items
    from judged
    group by company_id, month_start, task, team
),

-- The most particular target that holds in the month.
targets as (
    select
        months.company_id,
        months.month_start,
        months.task,
        months.team,
        targets.target_value,
        row_number() over (
            partition by months.company_id, months.month_start, months.task, months.team
            order by
                case when targets.kpi = 'deadline_compliance' then 1 else 0 end asc,
                case when targets.team is null then 1 else 0 end asc,
                case when targets.company_id is null then 1 else 0 end asc,
                targets.valid_from desc,
                targets.target_value asc nulls last
        ) as preference
    from months
    inner join {{ ref('fct_kpi_targets') }} as targets
        on
            targets.kpi in ('deadline_compliance', 'deadline_compliance_' || months.task)
            and (targets.company_id is null or targets.company_id = months.company_id)
            and (targets.team is null or targets.team = months.team)
            and {{ holds_on('targets.valid_from', 'targets.valid_to', 'months.month_start') }}
)

select
    {{ as_of_date() }} as as_of_date,
    months.company_id,
    months.month_start,
    months.task,
    months.team,
    cast(months.deadline_minutes as bigint) as deadline_minutes,
    cast({% for outcome in outcomes %}months.{{ outcome }}_items{{ ' + ' if not loop.last }}{% endfor %} as bigint) as items,
    {%- for outcome in outcomes %}
    cast(months.{{ outcome }}_items as bigint) as {{ outcome }}_items,
    {%- endfor %}
    cast(months.met_items + months.late_items + months.open_late_items as bigint) as due_items,
    {{ ratio('months.met_items', 'months.met_items + months.late_items + months.open_late_items') }} as compliance_share,
    cast(targets.target_value as decimal(18, 6)) as target_share,
    cast(months.waited_minutes as decimal(18, 2)) as waited_minutes,
    cast(months.waited_items as bigint) as waited_items
from months
left join targets
    on
        months.company_id = targets.company_id
        and months.month_start = targets.month_start
        and months.task = targets.task
        and months.team = targets.team
        and targets.preference = 1

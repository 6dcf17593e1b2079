-- One row per thing that happened to a document: begun, moved on, amended, blocked or deleted. Sage keeps no log:
-- all of it is found by comparing loads, and from the dates that the lines carry of earlier documents.
with

documents as (
    select * from {{ ref('stg_sage100__document_stages') }}
),

successors as (
    select * from {{ ref('stg_sage100__document_successors') }}
),

line_stages as (
    select * from {{ ref('stg_sage100__line_stages') }}
),

statuses as (
    select * from {{ ref('document_statuses') }}
),

customers as (
    select
        *,
        row_number() over (partition by source_id, ct_num order by _from_load, cbmarq) as position,
        min(_from_load) over (partition by source_id) as first_load,
        lag(coalesce(ct_controlenc, 0)) over (partition by source_id, ct_num order by _from_load, cbmarq) as previous_control
    from {{ raw_versions('sage100', 'F_COMPTET') }}
    where ct_type = 0
),

milestones as (
    select
        document_id,
        min(case when successor_stage = 1 then happened_at end) as first_ordered_at,
        min(case when successor_stage = 2 then happened_at end) as first_prepared_at,
        min(case when successor_stage = 3 then happened_at end) as first_delivered_at,
        max(case when successor_stage = 3 then happened_at end) as last_delivered_at,
        max(case when successor_stage = 6 then happened_at end) as last_invoiced_at
    from successors
    group by document_id
),

lives as (
    select
        documents.*,
        milestones.first_ordered_at,
        milestones.first_prepared_at,
        milestones.first_delivered_at,
        milestones.last_delivered_at,
        milestones.last_invoiced_at
    from documents
    left join milestones on documents.document_id = milestones.document_id
),

-- Times in which a customer was blocked, as far as the loads show.
control_changes as (
    select
        source_id,
        ct_num,
        ct_controlenc,
        -- Blocked when first seen: since nobody knows when.
        case when _from_load > first_load then cbmodification end as changed_at,
        lead(cbmodification) over (partition by source_id, ct_num order by _from_load, cbmarq) as next_changed_at
    from customers
    where position = 1 or coalesce(ct_controlenc, 0) <> previous_control
),

blocks as (
    select
        lives.source_id,
        lives.document_id,
        lives.company_id,
        greatest(
            coalesce({{ utc_instant('control_changes.changed_at', 'lives.time_zone') }}, lives.happened_at),
            coalesce(lives.validated_at, lives.happened_at)
        ) as blocked_at,
        {{ utc_instant('control_changes.next_changed_at', 'lives.time_zone') }} as released_at,
        case
            when lives.is_deleted then lives.deleted_at
            when lives.open_quantity = 0 then lives.last_delivered_at
        end as ended_at,
        lives.first_prepared_at,
        lives.first_delivered_at
    from lives
    inner join control_changes
        on
            lives.source_id = control_changes.source_id
            and lives.customer_number = control_changes.ct_num
            and control_changes.ct_controlenc = 2
    where lives.document_type = 'order' and lives.is_valid
),

steps as (
    select
        source_id,
        document_id,
        company_id,
        'created' as event_type,
        happened_at as occurred_at,
        case
            when document_type = 'order' and is_valid and coalesce(validated_at, happened_at) <= happened_at then 'waiting'
            when document_type = 'order' then 'to_validate'
            when document_type = 'preparation' then 'in_preparation'
            when document_type = 'delivery_note' then 'shipped'
            when document_type = 'return' then 'settled'
            when document_type = 'quote' and is_valid and coalesce(validated_at, happened_at) <= happened_at then 'waiting'
            when document_type = 'quote' then 'draft'
            when is_valid and stage = 6 and coalesce(validated_at, happened_at) <= happened_at then 'invoiced'
            else 'draft'
        end as to_status
    from lives

    union all

    select
        source_id,
        document_id,
        company_id,
        'status_changed' as event_type,
        validated_at as occurred_at,
        case when stage = 6 then 'invoiced' else 'waiting' end as to_status
    from lives
    where stage in (0, 1, 6) and is_valid and validated_at > happened_at

    union all

    select
        source_id,
        document_id,
        company_id,
        'status_changed' as event_type,
        first_ordered_at as occurred_at,
        'settled' as to_status
    from lives
    where stage = 0 and first_ordered_at is not null and not is_deleted

    union all

    select
        source_id,
        document_id,
        company_id,
        'status_changed' as event_type,
        first_prepared_at as occurred_at,
        'in_preparation' as to_status
    from lives
    where stage = 1 and first_prepared_at is not null

    union all

    select
        lives.source_id,
        lives.document_id,
        lives.company_id,
        'status_changed' as event_type,
        successors.happened_at as occurred_at,
        case
            when successors.happened_at = lives.last_delivered_at and lives.open_quantity = 0 and lives.dropped_quantity = 0
                then 'shipped'
            else 'part_shipped'
        end as to_status
    from lives
    inner join successors
        on lives.document_id = successors.document_id and successors.successor_stage = 3
    where lives.stage = 1

    union all

    select
        source_id,
        document_id,
        company_id,
        'status_changed' as event_type,
        last_delivered_at as occurred_at,
        'shipped' as to_status
    from lives
    where stage = 2 and status = 'shipped'

    union all

    select
        source_id,
        document_id,
        company_id,
        'status_changed' as event_type,
        case
            when status = 'closed_short' then coalesce(dropped_at, last_delivered_at)
            when stage = 1 then greatest(last_invoiced_at, coalesce(last_delivered_at, last_invoiced_at))
            else last_invoiced_at
        end as occurred_at,
        status as to_status
    from lives
    where (stage = 1 and status in ('invoiced', 'closed_short')) or (stage = 3 and status = 'invoiced')

    union all

    select
        source_id,
        document_id,
        company_id,
        'status_changed' as event_type,
        greatest({{ utc_instant('cast(settled_on as timestamp)', 'time_zone') }}, happened_at) as occurred_at,
        'settled' as to_status
    from lives
    where stage = 6 and status = 'settled'

    union all

    select
        source_id,
        document_id,
        company_id,
        'deleted' as event_type,
        deleted_at as occurred_at,
        'cancelled' as to_status
    from lives
    where is_deleted

    union all

    select
        source_id,
        document_id,
        company_id,
        'credit_blocked' as event_type,
        blocked_at as occurred_at,
        'blocked' as to_status
    from blocks
    where
        (released_at is null or blocked_at < released_at)
        and (ended_at is null or blocked_at < ended_at)

    union all

    select
        source_id,
        document_id,
        company_id,
        'credit_released' as event_type,
        released_at as occurred_at,
        case
            when first_delivered_at <= released_at then 'part_shipped'
            when first_prepared_at <= released_at then 'in_preparation'
            else 'waiting'
        end as to_status
    from blocks
    where released_at > blocked_at and (ended_at is null or released_at < ended_at)
),

-- What happened in one instant is one change, to the status that lies furthest in a document's life.
ranked_steps as (
    select
        steps.*,
        row_number() over (
            partition by steps.document_id, steps.occurred_at
            order by case when steps.event_type = 'deleted' then 0 else 1 end asc, statuses.sort_order desc, steps.event_type asc
        ) as position
    from steps
    inner join statuses on steps.to_status = statuses.status
    where steps.occurred_at is not null
),

chained_steps as (
    select
        source_id,
        document_id,
        company_id,
        event_type,
        occurred_at,
        lag(to_status) over (partition by document_id order by occurred_at) as from_status,
        to_status
    from ranked_steps
    where position = 1
    union all
    -- A beginning says the status only where no change of the same instant says it better.
    select
        source_id,
        document_id,
        company_id,
        event_type,
        occurred_at,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status
    from ranked_steps
    where position > 1 and event_type = 'created'
),

-- Lines that still were, or had been, lines of an order, in each of their versions.
order_rows as (
    select
        versions.source_id,
        versions.cbmarq as line_id,
        line_stages.company_id,
        line_stages.time_zone,
        line_stages.document_id,
        line_stages.group_id,
        line_stages.stage_quantity,
        versions._from_load as from_load,
        versions._to_load as to_load,
        coalesce(versions._deleted and versions._to_load <= {{ known_load() }}, false) as ends_deleted,
        versions.do_type,
        versions.dl_qte as quantity,
        versions.dl_prixunitaire as unit_price,
        versions.do_datelivr as delivery_date,
        versions.cbmodification as modified_at,
        min(versions._from_load) over (partition by versions.source_id, line_stages.group_id) as first_load,
        lag(versions.do_type) over (partition by versions.source_id, versions.cbmarq order by versions._from_load) as previous_type,
        lag(versions.dl_prixunitaire)
            over (partition by versions.source_id, versions.cbmarq order by versions._from_load)
            as previous_unit_price,
        lag(versions.do_datelivr)
            over (partition by versions.source_id, versions.cbmarq order by versions._from_load)
            as previous_delivery_date
    from {{ raw_versions('sage100', 'F_DOCLIGNE') }} as versions
    inner join line_stages
        on
            versions.source_id = line_stages.source_id
            and versions.cbmarq = line_stages.line_id
            and line_stages.stage = 1
    where versions.do_domaine = 0
),

-- The quantity ordered as each load that touched the open part of a line found it.
touched as (
    select distinct
        source_id,
        group_id,
        from_load
    from order_rows
    where do_type in (1, 2) or from_load = first_load
),

quantities as (
    select
        touched.source_id,
        touched.group_id,
        touched.from_load,
        min(rows_then.company_id) as company_id,
        min(rows_then.time_zone) as time_zone,
        min(rows_then.document_id) as document_id,
        max(case when rows_then.from_load = touched.from_load then rows_then.modified_at end) as modified_at,
        greatest(
            max(case when rows_then.do_type = 1 then rows_then.quantity else rows_then.stage_quantity end),
            sum(
                case
                    when rows_then.ends_deleted and rows_then.to_load <= touched.from_load then 0
                    when rows_then.do_type = 1 then rows_then.quantity
                    else least(rows_then.quantity, rows_then.stage_quantity)
                end
            )
        ) as quantity
    from touched
    inner join order_rows as rows_then
        on
            touched.source_id = rows_then.source_id
            and touched.group_id = rows_then.group_id
            and rows_then.from_load <= touched.from_load
            and (rows_then.to_load is null or rows_then.to_load > touched.from_load or rows_then.ends_deleted)
    group by touched.source_id, touched.group_id, touched.from_load
),

compared_quantities as (
    select
        *,
        lag(quantity) over (partition by source_id, group_id order by from_load) as previous_quantity
    from quantities
),

amendments as (
    select
        source_id,
        company_id,
        time_zone,
        document_id,
        group_id,
        from_load,
        'quantity_changed' as event_type,
        'quantity' as field_name,
        modified_at,
        cast(cast(previous_quantity as decimal(18, 4)) as {{ dbt.type_string() }}) as from_value,
        cast(cast(quantity as decimal(18, 4)) as {{ dbt.type_string() }}) as to_value
    from compared_quantities
    where previous_quantity <> quantity

    union all

    select
        source_id,
        min(company_id) as company_id,
        min(time_zone) as time_zone,
        min(document_id) as document_id,
        group_id,
        from_load,
        'price_changed' as event_type,
        'unit_price_excl_tax' as field_name,
        max(modified_at) as modified_at,
        min(cast(previous_unit_price as {{ dbt.type_string() }})) as from_value,
        min(cast(unit_price as {{ dbt.type_string() }})) as to_value
    from order_rows
    where do_type in (1, 2) and previous_type in (1, 2) and unit_price <> previous_unit_price
    group by source_id, group_id, from_load

    union all

    select
        source_id,
        min(company_id) as company_id,
        min(time_zone) as time_zone,
        min(document_id) as document_id,
        group_id,
        from_load,
        'date_changed' as event_type,
        'last_confirmed_date' as field_name,
        max(modified_at) as modified_at,
        min(cast(previous_delivery_date as {{ dbt.type_string() }})) as from_value,
        min(cast(delivery_date as {{ dbt.type_string() }})) as to_value
    from order_rows
    where do_type in (1, 2) and previous_type in (1, 2) and delivery_date <> previous_delivery_date
    group by source_id, group_id, from_load
),

final as (
    select
        source_id,
        'sage100' as source_system,
        document_id || '/event/' || event_type || '/' || coalesce(to_status, 'none') || '/'
        || cast(row_number() over (partition by document_id, event_type, to_status order by occurred_at) as {{ dbt.type_string() }})
            as document_event_id,
        document_id,
        cast(null as {{ dbt.type_string() }}) as document_line_id,
        company_id,
        event_type,
        occurred_at,
        from_status,
        to_status,
        cast(null as {{ dbt.type_string() }}) as field_name,
        cast(null as {{ dbt.type_string() }}) as from_value,
        cast(null as {{ dbt.type_string() }}) as to_value,
        'derived' as origin
    from chained_steps

    union all

    select
        source_id,
        'sage100' as source_system,
        {{ key('source_id', 'document.line', '1') }} || '/' || cast(group_id as {{ dbt.type_string() }})
        || '/event/' || event_type || '/' || cast(from_load as {{ dbt.type_string() }}) as document_event_id,
        document_id,
        {{ key('source_id', 'document.line', '1') }} || '/' || cast(group_id as {{ dbt.type_string() }}) as document_line_id,
        company_id,
        event_type,
        {{ utc_instant('modified_at', 'time_zone') }} as occurred_at,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status,
        field_name,
        from_value,
        to_value,
        'derived' as origin
    from amendments
    where modified_at is not null
)

{{ conform('document_events', lacks=['employee_id']) }}

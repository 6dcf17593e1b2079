-- One row per physical line of a sales document and stage that it went through: quote, order, preparation,
-- delivery note, return, credit or invoice.
--
-- Sage rewrites a line when its document is transformed. Stages that a load saw come from the versions
-- of the line; the others from the columns in which Sage keeps the number, day and quantity of the
-- documents that the line came through.
{{ config(materialized='table') }}

{%- set traced = [
    (0, 'quote_piece', 'dl_datede', 'dl_qtede'),
    (1, 'order_piece', 'dl_datebc', 'dl_qtebc'),
    (2, 'preparation_piece', 'dl_datepl', 'dl_qtepl'),
    (3, 'delivery_piece', 'dl_datebl', 'dl_qtebl'),
    (4, 'return_piece', 'dl_datebl', 'dl_qtebl'),
] %}

with

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

lines as (
    select
        *,
        case do_type when 7 then 6 else do_type end as stage,
        trim(do_piece) as piece,
        nullif(trim(dl_piecede), '') as traced_quote,
        nullif(trim(dl_piecebc), '') as traced_order,
        nullif(trim(dl_piecepl), '') as traced_preparation,
        nullif(trim(dl_piecebl), '') as traced_delivery
    from {{ raw_versions('sage100', 'F_DOCLIGNE') }}
    where
        do_domaine = 0
        -- Comments, and components whose price is on the line of their kit.
        and (nullif(trim(ar_ref), '') is not null or dl_montantht <> 0)
        and coalesce(dl_valorise, 1) = 1
),

headers as (
    select
        *,
        case do_type when 7 then 6 else do_type end as stage,
        trim(do_piece) as piece
    from {{ raw_versions('sage100', 'F_DOCENTETE') }}
    where do_domaine = 0
),

-- Credit notes share the type of invoices; only their header tells.
provenances as (
    select
        source_id,
        piece,
        max(do_provenance) as provenance
    from headers
    where stage = 6
    group by source_id, piece
),

-- Numbers that delivery notes bear: what a credit invoice came through is a return unless it is one of them.
delivery_numbers as (
    select distinct
        lines.source_id,
        case when lines.stage = 3 then lines.piece else lines.traced_delivery end as piece
    from lines
    left join provenances
        on lines.source_id = provenances.source_id and lines.stage = 6 and lines.piece = provenances.piece
    where
        lines.stage = 3
        or (lines.stage = 6 and coalesce(provenances.provenance, 0) not in (1, 2) and lines.traced_delivery is not null)
),

-- What the source shows of its own clock in each load: nothing that a load first misses was deleted later.
activity as (
    select
        source_id,
        _from_load as from_load,
        max(cbmodification) as active_at
    from lines
    group by source_id, _from_load
    union all
    select
        source_id,
        _from_load as from_load,
        max(cbmodification) as active_at
    from headers
    group by source_id, _from_load
),

deletions as (
    select
        lines.source_id,
        lines._to_load as to_load,
        max(activity.active_at) as deleted_at
    from (select distinct source_id, _to_load from lines where _deleted) as lines
    inner join activity
        on lines.source_id = activity.source_id and lines._to_load >= activity.from_load
    group by lines.source_id, lines._to_load
),

versions as (
    select
        lines.*,
        coalesce(provenances.provenance, 0) as provenance,
        lines.stage in (4, 5) or (lines.stage = 6 and coalesce(provenances.provenance, 0) in (1, 2)) as is_credit,
        lines._deleted and lines._to_load <= {{ known_load() }} as ends_deleted,
        delivery_numbers.piece is not null as names_delivery
    from lines
    left join provenances
        on lines.source_id = provenances.source_id and lines.stage = 6 and lines.piece = provenances.piece
    left join delivery_numbers
        on lines.source_id = delivery_numbers.source_id and lines.traced_delivery = delivery_numbers.piece
),

placed as (
    select
        *,
        case when stage = 0 then piece when not is_credit then traced_quote end as quote_piece,
        case when stage = 1 then piece when stage > 1 and not is_credit then traced_order end as order_piece,
        case when stage = 2 then piece when stage > 2 and not is_credit then traced_preparation end as preparation_piece,
        -- An order that is invoiced at once leaves with its invoice.
        case
            when stage = 3 then piece
            when stage = 6 and not is_credit
                then coalesce(traced_delivery, case when traced_order is not null then piece end)
        end as delivery_piece,
        case
            when stage = 4 then piece
            when stage = 6 and provenance = 1 and not names_delivery then traced_delivery
        end as return_piece,
        row_number() over (partition by source_id, cbmarq order by _from_load desc) as position_from_last,
        row_number() over (partition by source_id, cbmarq, stage order by _from_load desc) as stage_position_from_last,
        min(_from_load) over (partition by source_id) as first_load,
        min(_from_load) over (partition by source_id, cbmarq, stage) as stage_from_load,
        first_value(cbmodification) over (partition by source_id, cbmarq, stage order by _from_load) as stage_modified_at,
        lead(cbmodification) over (partition by source_id, cbmarq order by _from_load) as left_at,
        first_value(dl_prixunitaire) over (partition by source_id, cbmarq order by _from_load) as first_unit_price,
        first_value(do_datelivr) over (partition by source_id, cbmarq order by _from_load) as first_delivery_date
    from versions
),

last_versions as (
    select * from placed
    where position_from_last = 1
),

-- Every stage that the line is known to have been in.
stages as (
    select
        source_id,
        cbmarq,
        stage,
        piece,
        case when stage = 3 then coalesce(dl_datebl, do_date) else do_date end as traced_date,
        dl_qte as traced_quantity
    from placed
    where stage_position_from_last = 1
    {%- for stage, piece, day, quantity in traced %}
    union all
    select
        last_versions.source_id,
        last_versions.cbmarq,
        {{ stage }} as stage,
        last_versions.{{ piece }} as piece,
        coalesce(last_versions.{{ day }}, last_versions.do_date) as traced_date,
        coalesce(nullif(last_versions.{{ quantity }}, 0), last_versions.dl_qte) as traced_quantity
    from last_versions
    left join placed as seen
        on
            last_versions.source_id = seen.source_id
            and last_versions.cbmarq = seen.cbmarq
            and seen.stage = {{ stage }}
            and seen.stage_position_from_last = 1
    where
        last_versions.stage > {{ stage }}
        and last_versions.{{ piece }} is not null
        and seen.cbmarq is null
    {%- endfor %}
),

described as (
    select
        stages.source_id,
        companies.company_id,
        companies.time_zone,
        stages.cbmarq as line_id,
        stages.stage,
        stages.piece,
        stages.traced_date as document_date,
        now.stage as last_stage,
        now.piece as last_piece,
        now.is_credit,
        -- Posted invoices cannot be deleted; one that vanishes was archived.
        now.ends_deleted and now.do_type <> 7 as is_gone,
        stages.stage > now.stage or (stages.stage = now.stage and now.ends_deleted and now.do_type <> 7) as is_deleted,
        seen.cbmarq is not null as is_seen,
        -- What the stage held of the line, and what came of it.
        case
            when seen.cbmarq is not null and stages.stage < now.stage
                then
                    greatest(
                        seen.dl_qte,
                        coalesce(
                            case stages.stage
                                when 0 then now.dl_qtede
                                when 1 then now.dl_qtebc
                                when 2 then now.dl_qtepl
                                when 3 then now.dl_qtebl
                            end,
                            0
                        )
                    )
            else stages.traced_quantity
        end as stage_quantity,
        now.dl_qte as present_quantity,
        coalesce(seen.dl_qte, now.dl_qte) as basis_quantity,
        coalesce(seen.dl_montantht, now.dl_montantht) as basis_amount_excl_tax,
        coalesce(seen.dl_montantttc, now.dl_montantttc, seen.dl_montantht, now.dl_montantht) as basis_amount_incl_tax,
        coalesce(seen.dl_prixunitaire, now.dl_prixunitaire) as unit_price,
        case when now.dl_remise01rem_type = 1 then now.dl_remise01rem_valeur end as discount_percent,
        coalesce(nullif(now.dl_prixru, 0), nullif(now.dl_cmup, 0)) as unit_cost,
        nullif(trim(now.ar_ref), '') as product_reference,
        now.dl_design as description,
        coalesce(seen.dl_ligne, now.dl_ligne) as line_position,
        nullif(now.co_no, 0) as salesperson_number,
        nullif(now.de_no, 0) as warehouse_number,
        now.first_delivery_date,
        coalesce(seen.do_datelivr, now.do_datelivr) as last_delivery_date,
        now.traced_order,
        now.traced_delivery,
        now.ag_no1,
        now.ag_no2,
        now.first_unit_price,
        case
            -- The first load tells that the stage had begun, not when.
            when seen.stage_from_load > seen.first_load then seen.stage_modified_at
        end as local_began_at,
        now.cbcreation as local_created_at,
        case
            when stages.stage = now.stage and now.ends_deleted then greatest(deletions.deleted_at, now.cbmodification)
            when stages.stage <> now.stage then seen.left_at
        end as local_ended_at
    from stages
    inner join last_versions as now
        on stages.source_id = now.source_id and stages.cbmarq = now.cbmarq
    left join placed as seen
        on
            stages.source_id = seen.source_id
            and stages.cbmarq = seen.cbmarq
            and stages.stage = seen.stage
            and seen.stage_position_from_last = 1
    left join deletions
        on now.source_id = deletions.source_id and now._to_load = deletions.to_load
    inner join companies on stages.source_id = companies.source_id
),

-- The documents that the line came through, for each of its stages.
chained as (
    select
        *,
        max(case when stage = 0 then piece end) over (partition by source_id, line_id) as quote_piece,
        max(case when stage = 1 then piece end) over (partition by source_id, line_id) as order_piece,
        max(case when stage = 2 then piece end) over (partition by source_id, line_id) as preparation_piece,
        min(stage) over (partition by source_id, line_id) as first_stage
    from described
),

-- A partial delivery splits a line in two; together they are the line that was ordered: the same article
-- at the same price for the same day on the same document.
grouped as (
    select
        *,
        case
            when stage > 3 then line_id
            else
                min(line_id) over (
                    partition by
                        source_id,
                        stage,
                        piece,
                        case when stage > 0 then quote_piece end,
                        case when stage > 1 then order_piece end,
                        case when stage > 2 then preparation_piece end,
                        coalesce(product_reference, description),
                        ag_no1,
                        ag_no2,
                        first_unit_price,
                        first_delivery_date
                )
        end as group_id,
        {{ key('source_id', 'document', 'stage') }} || '/' || piece as document_id
    from chained
)

select
    source_id,
    company_id,
    time_zone,
    line_id,
    stage,
    piece,
    document_id,
    document_date,
    last_stage,
    last_piece,
    is_credit,
    is_gone,
    is_deleted,
    is_seen,
    stage_quantity,
    present_quantity,
    basis_quantity,
    basis_amount_excl_tax,
    basis_amount_incl_tax,
    unit_price,
    discount_percent,
    unit_cost,
    product_reference,
    description,
    line_position,
    salesperson_number,
    warehouse_number,
    first_delivery_date,
    last_delivery_date,
    traced_order,
    traced_delivery,
    group_id,
    max(case when stage = 1 then group_id end) over (partition by source_id, line_id) as order_group_id,
    lag(stage) over (partition by source_id, line_id order by stage) as previous_stage,
    lag(group_id) over (partition by source_id, line_id order by stage) as previous_group_id,
    lag(document_id) over (partition by source_id, line_id order by stage) as previous_document_id,
    {{ utc_instant(
        'case when local_began_at is null and stage = first_stage then local_created_at else local_began_at end',
        'time_zone'
    ) }} as began_at,
    {{ utc_instant('local_ended_at', 'time_zone') }} as ended_at
from grouped

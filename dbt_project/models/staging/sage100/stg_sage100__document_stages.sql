-- One row per sales document that exists or existed: also those that were transformed into others since,
-- and those that only the lines of later ones still name.
{{ config(materialized='table') }}

{%- set document_types = {0: 'quote', 1: 'order', 2: 'preparation', 3: 'delivery_note', 4: 'return'} %}

with

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

line_stages as (
    select * from {{ ref('stg_sage100__line_stages') }}
),

lines as (
    select * from {{ ref('stg_sage100__lines') }}
),

customers as (
    select
        *,
        row_number() over (partition by source_id, ct_num order by cbmarq) as position
    from {{ raw('sage100', 'F_COMPTET') }}
    where ct_type = 0
),

status_map as (
    select * from {{ ref('document_status_map') }}
    where system = 'sage100' and source_type = 'F_DOCENTETE'
),

versions as (
    select
        *,
        case do_type when 7 then 6 else do_type end as stage,
        trim(do_piece) as piece,
        coalesce(do_statut, 2) as statut,
        coalesce(do_statut, 2) > 0 or do_type = 7 or coalesce(do_valide, 0) = 1 as is_valid,
        _deleted and _to_load <= {{ known_load() }} as ends_deleted
    from {{ raw_versions('sage100', 'F_DOCENTETE') }}
    where do_domaine = 0
),

-- The latest that the source showed of itself before each load, on its own clock.
loads as (
    select
        source_id,
        _from_load,
        max(max(cbmodification)) over (
            partition by source_id order by _from_load rows between unbounded preceding and 1 preceding
        ) as active_before
    from versions
    group by source_id, _from_load
),

-- Houses that let an order begin unconfirmed; in the others an order is valid from its first minute. Of the
-- orders that the first load found, nobody can tell.
habits as (
    select
        source_id,
        stage,
        coalesce(min(case when do_type <> 7 then statut end) = 0, false) as confirms
    from versions
    group by source_id, stage
),

placed as (
    select
        versions.*,
        loads.active_before,
        row_number() over (
            partition by versions.source_id, versions.stage, versions.piece order by versions._from_load, versions.cbmarq
        ) as position,
        row_number() over (
            partition by versions.source_id, versions.stage, versions.piece
            order by versions._from_load desc, versions.cbmarq desc
        ) as position_from_last,
        row_number() over (
            partition by versions.source_id, versions.stage, versions.piece, versions.is_valid
            order by versions._from_load, versions.cbmarq
        ) as valid_position,
        count(*) over (partition by versions.source_id, versions.cbmarq) as versions_of_row,
        count(*) over (partition by versions.source_id, versions.cbmarq, versions.stage, versions.piece) as versions_at_stage,
        lead(versions._from_load) over (partition by versions.source_id, versions.cbmarq order by versions._from_load) as next_load,
        case
            when length(trim(versions.do_heure)) >= 6 and trim(versions.do_heure) not in ('000000000', '000000')
                then
                    cast(
                        cast(versions.do_date as {{ dbt.type_string() }}) || ' '
                        || substr(trim(versions.do_heure), length(trim(versions.do_heure)) - 5, 2) || ':'
                        || substr(trim(versions.do_heure), length(trim(versions.do_heure)) - 3, 2) || ':'
                        || substr(trim(versions.do_heure), length(trim(versions.do_heure)) - 1, 2) as timestamp
                    )
        end as stated_at
    from versions
    left join loads
        on versions.source_id = loads.source_id and versions._from_load = loads._from_load
),

-- When the document began: as the row says, else as its date and hour say where that can be, else when the
-- row was last changed before the load that first saw it. The first load of all tells no beginning.
beginnings as (
    select
        source_id,
        stage,
        piece,
        active_before is not null as is_seen_to_begin,
        case
            when versions_of_row = versions_at_stage and cast(cbcreation as date) >= do_date then cbcreation
            when stated_at <= cbmodification and stated_at >= coalesce(active_before, stated_at) then stated_at
            when active_before is not null then cbmodification
        end as local_began_at
    from placed
    where position = 1
),

validations as (
    select
        placed.source_id,
        placed.stage,
        placed.piece,
        case
            -- An invoice is issued when it is made.
            when placed.position = 1 and (placed.stage = 6 or (placed.active_before is not null and not habits.confirms))
                then beginnings.local_began_at
            when placed.position > 1 or placed.active_before is not null
                then greatest(placed.cbmodification, coalesce(beginnings.local_began_at, placed.cbmodification))
        end as local_validated_at
    from placed
    inner join habits
        on placed.source_id = habits.source_id and placed.stage = habits.stage
    inner join beginnings
        on
            placed.source_id = beginnings.source_id
            and placed.stage = beginnings.stage
            and placed.piece = beginnings.piece
    where placed.is_valid and placed.valid_position = 1
),

-- The last that is known of each document's header.
headers as (
    select
        placed.*,
        beginnings.local_began_at,
        validations.local_validated_at
    from placed
    inner join beginnings
        on
            placed.source_id = beginnings.source_id
            and placed.stage = beginnings.stage
            and placed.piece = beginnings.piece
    left join validations
        on
            placed.source_id = validations.source_id
            and placed.stage = validations.stage
            and placed.piece = validations.piece
    where placed.position_from_last = 1
),

-- What the physical lines tell of the document, and the document that they ended in.
line_facts as (
    select
        source_id,
        stage,
        piece,
        min(document_date) as document_date,
        min(began_at) as began_at,
        max(ended_at) as ended_at,
        max(case when is_deleted then ended_at end) as deleted_at,
        min(case when is_deleted then 0 else 1 end) as first_kept,
        max(case when is_deleted then 0 else 1 end) as last_kept,
        max(case when last_stage = stage and not is_deleted then 1 else 0 end) as rows_here,
        max(case when last_stage > stage then 1 else 0 end) as rows_moved,
        max(case when last_stage = 2 and not is_gone then 1 else 0 end) as rows_in_preparation,
        max(is_credit) as is_credit,
        min(last_stage) as lowest_last_stage,
        min(case when last_stage > stage then cast(last_stage as {{ dbt.type_string() }}) || '/' || last_piece end) as descendant,
        min(previous_document_id) as previous_document_id
    from line_stages
    group by source_id, stage, piece
),

line_totals as (
    select
        document_id,
        {{ money('sum(amount_excl_tax)') }} as amount_excl_tax,
        {{ money('sum(amount_incl_tax)') }} as amount_incl_tax,
        sum(open_quantity) as open_quantity,
        sum(delivered_quantity) as delivered_quantity,
        sum(invoiced_quantity) as invoiced_quantity,
        sum(dropped_quantity) as dropped_quantity,
        max(case when dropped_quantity > 0 then ended_at end) as dropped_at
    from lines
    group by document_id
),

-- Invoices of which every instalment is ticked as paid, and the day of the last payment.
instalments as (
    select
        *,
        trim(do_piece) as piece
    from {{ raw('sage100', 'F_DOCREGL') }}
    where do_domaine = 0 and do_type in (6, 7)
),

settlements as (
    select
        instalments.source_id,
        instalments.piece,
        min(coalesce(instalments.dr_regle, 0)) as is_settled,
        max(payments.rg_date) as settled_on
    from instalments
    left join {{ raw('sage100', 'F_REGLECH') }} as allocations
        on instalments.source_id = allocations.source_id and instalments.dr_no = allocations.dr_no
    left join {{ raw('sage100', 'F_CREGLEMENT') }} as payments
        on allocations.source_id = payments.source_id and allocations.rg_no = payments.rg_no
    group by instalments.source_id, instalments.piece
),

documents as (
    select source_id, stage, piece from headers
    union distinct
    select source_id, stage, piece from line_facts
),

described as (
    select
        documents.source_id,
        companies.company_id,
        companies.time_zone,
        companies.currency_code,
        documents.stage,
        documents.piece,
        {{ key('documents.source_id', 'document', 'documents.stage') }} || '/' || documents.piece as document_id,
        headers.cbmarq is not null as is_seen,
        coalesce(headers.do_type, descendants.do_type) as do_type,
        coalesce(headers.statut, 2) as statut,
        coalesce(headers.is_valid, true) as is_valid,
        coalesce(headers.do_provenance, 0) as provenance,
        documents.stage = 5 or (documents.stage = 6 and coalesce(headers.do_provenance, 0) in (1, 2)) as is_credit_note,
        nullif(trim(coalesce(headers.do_tiers, descendants.do_tiers)), '') as customer_number,
        nullif(trim(coalesce(headers.ct_numpayeur, descendants.ct_numpayeur)), '') as payer_number,
        nullif(coalesce(headers.co_no, descendants.co_no), 0) as salesperson_number,
        nullif(coalesce(headers.de_no, descendants.de_no), 0) as warehouse_number,
        coalesce(headers.do_expedit, descendants.do_expedit) as shipping_number,
        coalesce(headers.mr_no, descendants.mr_no) as term_number,
        nullif(trim(coalesce(headers.do_ref, descendants.do_ref)), '') as customer_reference,
        nullif(trim(coalesce(headers.do_pieceorig, descendants.do_pieceorig)), '') as original_piece,
        nullif(trim(headers.do_noweb), '') as web_number,
        lower(trim(headers.cbcreateur)) as creator,
        nullif(trim(headers.do_motif), '') as reason,
        nullif(trim(headers.cg_num), '') as account_code,
        coalesce(headers.do_reliquat, 0) = 1 as is_remainder,
        headers.do_datelivr as delivery_date,
        case when documents.stage = 6 then headers.do_totalhtnet end as stated_excl_tax,
        case when documents.stage = 6 then headers.do_totalttc end as stated_incl_tax,
        coalesce(headers.do_date, line_facts.document_date) as document_date,
        coalesce({{ utc_instant('headers.local_began_at', 'companies.time_zone') }}, line_facts.began_at) as began_at,
        {{ utc_instant('headers.local_validated_at', 'companies.time_zone') }} as validated_at,
        line_facts.ended_at,
        line_facts.deleted_at,
        line_facts.document_date is not null as has_lines,
        coalesce(line_facts.last_kept = 0, headers.ends_deleted and headers.do_type <> 7) as is_deleted,
        coalesce(line_facts.rows_here, 0) = 1 as has_rows_here,
        coalesce(line_facts.rows_moved, 0) = 1 as has_moved_rows,
        coalesce(line_facts.rows_in_preparation, 0) = 1 as is_being_prepared,
        line_facts.previous_document_id,
        customers.ct_controlenc = 2 as is_customer_blocked,
        coalesce(settlements.is_settled, 0) = 1 as is_settled,
        settlements.settled_on,
        coalesce(line_totals.amount_excl_tax, 0) as lines_excl_tax,
        coalesce(line_totals.amount_incl_tax, 0) as lines_incl_tax,
        coalesce(line_totals.open_quantity, 0) as open_quantity,
        coalesce(line_totals.delivered_quantity, 0) as delivered_quantity,
        coalesce(line_totals.invoiced_quantity, 0) as invoiced_quantity,
        coalesce(line_totals.dropped_quantity, 0) as dropped_quantity,
        line_totals.dropped_at
    from documents
    inner join companies on documents.source_id = companies.source_id
    left join headers
        on
            documents.source_id = headers.source_id
            and documents.stage = headers.stage
            and documents.piece = headers.piece
    left join line_facts
        on
            documents.source_id = line_facts.source_id
            and documents.stage = line_facts.stage
            and documents.piece = line_facts.piece
    -- A document that no load saw lends its customer from the one that it became.
    left join headers as descendants
        on
            documents.source_id = descendants.source_id
            and line_facts.descendant = cast(descendants.stage as {{ dbt.type_string() }}) || '/' || descendants.piece
    left join line_totals
        on line_totals.document_id = {{ key('documents.source_id', 'document', 'documents.stage') }} || '/' || documents.piece
    left join customers
        on
            documents.source_id = customers.source_id
            and coalesce(headers.do_tiers, descendants.do_tiers) = customers.ct_num
            and customers.position = 1
    left join settlements
        on
            documents.source_id = settlements.source_id
            and documents.stage = 6
            and documents.piece = settlements.piece
),

typed as (
    select
        *,
        case
            {%- for stage, document_type in document_types.items() %}
            when stage = {{ stage }} then '{{ document_type }}'
            {%- endfor %}
            when is_credit_note then 'credit_note'
            else 'invoice'
        end as document_type,
        -- What became of the document, after a colon; else the state that its header says.
        case
            when is_deleted then 'deleted'
            when stage = 0 and has_moved_rows then 'accepted'
            when stage = 1 and open_quantity > 0 and is_valid and is_customer_blocked then 'blocked'
            when stage = 1 and open_quantity > 0 and delivered_quantity > 0 then 'part_delivered'
            when stage = 1 and open_quantity > 0 and is_being_prepared then 'prepared'
            when stage = 1 and has_lines and open_quantity = 0 and dropped_quantity > 0 then 'closed_short'
            when stage = 1 and has_lines and open_quantity = 0 and invoiced_quantity >= delivered_quantity then 'invoiced'
            when stage = 1 and has_lines and open_quantity = 0 then 'delivered'
            when stage = 2 and has_moved_rows and not has_rows_here then 'delivered'
            when stage = 3 and has_lines and not has_rows_here and has_moved_rows then 'invoiced'
            when stage = 6 and is_settled and is_valid then 'paid'
            when stage = 6 and do_type = 7 then 'posted'
            -- A credit still to be invoiced is none yet.
            when stage = 5 then '0'
            when is_valid and statut = 0 then '2'
            else cast(statut as {{ dbt.type_string() }})
        end as progress
    from described
)

select
    typed.*,
    coalesce(typed.began_at, {{ utc_instant('cast(typed.document_date as timestamp)', 'typed.time_zone') }}) as happened_at,
    coalesce(status_map.status, 'unknown') as status
from typed
left join status_map
    on typed.document_type = status_map.document_type and typed.progress = status_map.source_status
-- A credit that became a credit invoice is told as that one.
where not (typed.stage = 5 and typed.has_moved_rows)

-- One row per line of a document as its reader knew it: the parts into which later deliveries split a line
-- are one line again, with what became of its quantity.
{{ config(materialized='table') }}

with

line_stages as (
    select * from {{ ref('stg_sage100__line_stages') }}
),

-- Credit notes are kept with either sign, by habit of the house; they count as positive.
signs as (
    select
        document_id,
        case when sum(basis_amount_excl_tax) < 0 or (sum(basis_amount_excl_tax) = 0 and sum(basis_quantity) < 0) then -1 else 1 end
            as sign
    from line_stages
    where is_credit
    group by document_id
),

signed as (
    select
        line_stages.*,
        coalesce(signs.sign, 1) as sign,
        -- The part of the stage's quantity that a row still stands for; a deleted row stands for none.
        case
            when line_stages.is_gone then 0
            else least(line_stages.present_quantity, line_stages.stage_quantity)
        end as kept_quantity
    from line_stages
    left join signs on line_stages.document_id = signs.document_id
),

grouped as (
    select
        source_id,
        company_id,
        time_zone,
        document_id,
        stage,
        group_id,
        max(is_credit) as is_credit,
        min(sign) as sign,
        count(*) as parts,
        min(line_position) as line_position,
        min(product_reference) as product_reference,
        min(description) as description,
        min(salesperson_number) as salesperson_number,
        min(warehouse_number) as warehouse_number,
        min(order_group_id) as order_group_id,
        min(previous_stage) as previous_stage,
        min(previous_group_id) as previous_group_id,
        min(traced_order) as traced_order,
        min(traced_delivery) as traced_delivery,
        min(first_delivery_date) as first_delivery_date,
        max(last_delivery_date) as last_delivery_date,
        max(discount_percent) as discount_percent,
        max(unit_cost) as unit_cost,
        max(unit_price) as unit_price,
        case
            when stage > 3 then sum(stage_quantity)
            -- A part delivered says how much was asked for before it; what nobody delivered was asked for too.
            else greatest(max(stage_quantity), sum(kept_quantity))
        end as quantity,
        sum(basis_quantity) as basis_quantity,
        sum(basis_amount_excl_tax) as basis_amount_excl_tax,
        sum(basis_amount_incl_tax) as basis_amount_incl_tax,
        sum(case when is_gone or last_stage > 2 then 0 else present_quantity end) as open_quantity,
        sum(case when is_gone or last_stage not in (3, 6) then 0 else present_quantity end) as delivered_quantity,
        sum(case when is_gone or last_stage <> 6 then 0 else present_quantity end) as invoiced_quantity,
        max(case when is_deleted then 0 else 1 end) = 0 as is_deleted,
        max(ended_at) as ended_at
    from signed
    group by source_id, company_id, time_zone, document_id, stage, group_id
)

select
    source_id,
    company_id,
    time_zone,
    document_id,
    {{ key('source_id', 'document.line', 'stage') }} || '/' || cast(group_id as {{ dbt.type_string() }}) as document_line_id,
    stage,
    group_id,
    is_credit,
    line_position,
    product_reference,
    description,
    salesperson_number,
    warehouse_number,
    order_group_id,
    previous_stage,
    previous_group_id,
    traced_order,
    traced_delivery,
    first_delivery_date,
    last_delivery_date,
    discount_percent,
    unit_cost,
    unit_price,
    cast(sign * quantity as decimal(18, 4)) as quantity,
    -- The price is that of the parts; where these have no quantity, the amount is theirs.
    coalesce(
        {{ apportioned('basis_amount_excl_tax', 'sign * quantity', 'basis_quantity') }},
        {{ money('sign * basis_amount_excl_tax') }}
    ) as amount_excl_tax,
    coalesce(
        {{ apportioned('basis_amount_incl_tax', 'sign * quantity', 'basis_quantity') }},
        {{ money('sign * basis_amount_incl_tax') }}
    ) as amount_incl_tax,
    {{ money('open_quantity') }} as open_quantity,
    {{ money('delivered_quantity') }} as delivered_quantity,
    {{ money('invoiced_quantity') }} as invoiced_quantity,
    {{ money('greatest(quantity - open_quantity - delivered_quantity, 0)') }} as dropped_quantity,
    is_deleted,
    ended_at
from grouped

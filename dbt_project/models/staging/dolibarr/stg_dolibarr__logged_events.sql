-- One row per event of the agenda: what Dolibarr logged by itself, and what people noted.
{{ config(materialized='table') }}

with

events as (
    select * from {{ raw('dolibarr', 'llx_actioncomm') }}
),

kinds as (
    select * from {{ raw('dolibarr', 'llx_c_actioncomm') }}
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

coded as (
    select
        events.*,
        companies.company_id,
        companies.time_zone,
        coalesce(nullif(events.code, ''), kinds.code) as full_code,
        kinds.type as kind_type
    from events
    inner join companies
        on companies.company_id = {{ key('events.source_id', 'entity', 'events.entity') }}
    left join kinds
        on events.source_id = kinds.source_id and events.fk_action = kinds.id
)

select
    source_id,
    id,
    company_id,
    -- What old versions called the sending of a document, today's name; the prefix says nothing.
    case full_code
        when 'AC_PROP' then 'PROPAL_SENTBYMAIL'
        when 'AC_COM' then 'ORDER_SENTBYMAIL'
        when 'AC_FAC' then 'BILL_SENTBYMAIL'
        when 'AC_SHIP' then 'SHIPPING_SENTBYMAIL'
        else case when full_code like 'AC_%' then substring(full_code, 4) else full_code end
    end as code,
    coalesce(kind_type, 'systemauto') = 'systemauto' as is_automatic,
    {{ dolibarr_kind('elementtype') }} as kind,
    fk_element as document,
    nullif(fk_soc, 0) as third_party,
    {{ utc_instant('datep', 'time_zone') }} as occurred_at,
    case
        when coalesce(durationp, 0) > 0 then durationp / 60.0
        when datep2 > datep then {{ seconds_between('datep', 'datep2') }} / 60.0
    end as minutes,
    coalesce(percent, -1) as percent,
    coalesce(nullif(fk_user_action, 0), fk_user_author) as user_id
from coded
where datep is not null

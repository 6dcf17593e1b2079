-- One row per document that came from another: the nearest one before it.
with

links as (
    select
        source_id,
        rowid,
        {{ dolibarr_kind('sourcetype') }} as origin_kind,
        fk_source as origin,
        {{ dolibarr_kind('targettype') }} as kind,
        fk_target as document
    from {{ raw('dolibarr', 'llx_element_element') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_id, kind, document
            order by
                case origin_kind when 'expedition' then 1 when 'commande' then 2 when 'propal' then 3 else 4 end,
                rowid
        ) as preference
    from links
    where origin_kind in ('propal', 'commande', 'expedition', 'facture')
)

select
    source_id,
    kind,
    document,
    origin_kind,
    origin,
    source_id || '/' || origin_kind || '/' || cast(origin as {{ dbt.type_string() }}) as origin_id
from ranked
where preference = 1

-- One row per column of an aging: the buckets by days late, then what is not matched yet.
select
    aging_bucket,
    days_from,
    days_to,
    sort_order,
    label_fr,
    label_it,
    label_en
from {{ ref('aging_buckets') }}
union all
select
    aging_bucket,
    cast(null as bigint) as days_from,
    cast(null as bigint) as days_to,
    (select max(buckets.sort_order) from {{ ref('aging_buckets') }} as buckets) + position_after as sort_order,
    label_fr,
    label_it,
    label_en
from (
    select
        'unapplied_cash' as aging_bucket,
        1 as position_after,
        'Encaissements non affectés' as label_fr,
        'Incassi non abbinati' as label_it,
        'Unapplied cash' as label_en
    union all
    select
        'unapplied_credit' as aging_bucket,
        2 as position_after,
        'Avoirs non affectés' as label_fr,
        'Note di credito non abbinate' as label_it,
        'Unapplied credits' as label_en
) as unmatched

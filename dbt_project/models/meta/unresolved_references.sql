-- One row per key named by some fact that no source answers to, or that several do.
select
    entity_type,
    -- A person's login shows as a pseudonym.
    coalesce(to_id, from_id) as reference,
    method,
    mention_count
from {{ ref('int_identities') }}
where method in ('unresolved', 'ambiguous')

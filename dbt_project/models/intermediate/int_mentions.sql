-- One row per entity type and key that some contract table names.
-- Documents and instalments are too many to list: only reference keys of theirs are kept.
with mentions as (
    {%- for entity_type, entity, column in mentions() %}
    select
        '{{ entity_type }}' as entity_type,
        {{ column }} as id,
        count(*) as mention_count
    from {{ ref('int_' ~ entity) }}
    where {{ column }} is not null
        {%- if entity_type in ('document', 'instalment') %} and {{ column }} like 'ref/%'{% endif %}
    group by {{ column }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    entity_type,
    id,
    id like 'ref/%' as is_reference,
    cast(sum(mention_count) as bigint) as mention_count
from mentions
group by entity_type, id

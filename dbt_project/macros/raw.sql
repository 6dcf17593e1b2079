{#
    The rows of a raw table as they were known at the run's `known_at`.

    Raw keeps every version of every row: a version lives from the load that brought it
    (`_from_load`) until the load that replaced or deleted it (`_to_load`, empty while current).
#}
{% macro raw(system, table) -%}
    (
        select *
        from {{ source(system, table) }}
        where
            _from_load <= {{ known_load() }}
            and (_to_load is null or _to_load > {{ known_load() }})
    )
{%- endmacro %}

{# Every version of a raw table known at the run's `known_at`, for events derived from loads. #}
{% macro raw_versions(system, table) -%}
    (select * from {{ source(system, table) }} where _from_load <= {{ known_load() }})
{%- endmacro %}

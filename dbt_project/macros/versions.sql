{# UTC day on which a load reached the warehouse, from its id (yyyymmddhhmmssmmm). #}
{% macro load_date(load_id) -%}
    {%- set digits = 'cast(' ~ load_id ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    cast(
        substr({{ digits }}, 1, 4) || '-' || substr({{ digits }}, 5, 2) || '-' || substr({{ digits }}, 7, 2) as date
    )
{%- endmacro %}

{#
    A history from versions: the CTEs that turn `versions` (key, from_load and the attributes) into
    `history` (key, valid_from, valid_to and the attributes). Versions that change none of the
    attributes are merged; the first version known stands for all the time before it.
#}
{% macro history(key, attributes) -%}
compared as (
    select
        *,
        {%- for attribute in attributes %}
        lag({{ attribute }}) over (partition by {{ key }} order by from_load) as previous_{{ attribute }},
        {%- endfor %}
        row_number() over (partition by {{ key }} order by from_load) as position
    from versions
),

changed as (
    select
        *,
        case when position = 1 then cast('1900-01-01' as date) else {{ load_date('from_load') }} end as valid_from
    from compared
    where
        position = 1
        {%- for attribute in attributes %}
        or {{ attribute }} is distinct from previous_{{ attribute }}
        {%- endfor %}
),

-- The last change of a day is the one that holds.
daily as (
    select *
    from (
        select
            *,
            row_number() over (partition by {{ key }}, valid_from order by from_load desc) as preference
        from changed
    ) as ranked
    where preference = 1
),

history as (
    select
        *,
        {{ add_days('lead(valid_from) over (partition by ' ~ key ~ ' order by valid_from)', -1) }} as valid_to
    from daily
)
{%- endmacro %}

-- One row per company and per owner that the CRM shares with the ERP, by customer number and login.
with

linked as (
    select
        source_id,
        'customer' as entity_type,
        {{ key('source_id', 'company', 'id') }} as from_id,
        {{ reference('customer', 'customer_number') }} as to_id
    from {{ raw('hubspot', 'company') }}

    union all

    select
        source_id,
        'employee' as entity_type,
        {{ key('source_id', 'owner', 'id') }} as from_id,
        {{ reference('employee', 'email') }} as to_id
    from {{ raw('hubspot', 'owner') }}
),

final as (
    select
        source_id,
        'hubspot' as source_system,
        entity_type,
        from_id,
        to_id,
        'identifier' as method,
        1 as confidence,
        -- The CRM does not say since when: the link holds for all of history.
        date '1990-01-01' as valid_from
    from linked
    where to_id is not null
)

{{ conform('entity_links', lacks=['valid_to']) }}

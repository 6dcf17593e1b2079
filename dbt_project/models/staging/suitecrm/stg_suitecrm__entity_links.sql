-- One row per account and per user that the CRM shares with the ERP, by the customer number that a house may
-- have added to accounts, and by login.
with

own_fields as (
    select * from {{ raw('suitecrm', 'accounts_cstm') }}
),

users as (
    select * from {{ raw('suitecrm', 'users') }}
),

linked as (
    select
        source_id,
        'customer' as entity_type,
        {{ key('source_id', 'accounts', 'id_c') }} as from_id,
        {{ reference('customer', 'customer_number_c') }} as to_id
    from own_fields

    union all

    select
        source_id,
        'employee' as entity_type,
        {{ key('source_id', 'users', 'id') }} as from_id,
        {{ reference('employee', 'user_name') }} as to_id
    from users
),

final as (
    select
        source_id,
        'suitecrm' as source_system,
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

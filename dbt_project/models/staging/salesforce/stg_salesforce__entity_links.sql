-- One row per account and per user that the CRM shares with the ERP, by account number and login.
with

accounts as (
    select * from {{ raw('salesforce', 'account') }}
),

users as (
    select * from {{ raw('salesforce', 'user') }}
),

linked as (
    select
        source_id,
        'customer' as entity_type,
        {{ key('source_id', 'account', 'id') }} as from_id,
        {{ reference('customer', 'accountnumber') }} as to_id
    from accounts

    union all

    select
        source_id,
        'employee' as entity_type,
        {{ key('source_id', 'user', 'id') }} as from_id,
        {{ reference('employee', 'username') }} as to_id
    from users
),

final as (
    select
        source_id,
        'salesforce' as source_system,
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

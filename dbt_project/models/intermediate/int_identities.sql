-- One row per entity type and key that is not, or may not be, the leading system's own key:
-- reference keys written by staging, and keys of one system linked to another's.
with links as (
    select *
    from (
        select
            entity_type,
            from_id,
            to_id,
            method,
            confidence,
            row_number() over (
                partition by entity_type, from_id
                order by confidence desc, valid_from desc, to_id asc
            ) as preference
        from {{ ref('int_entity_links') }}
        where
            valid_from <= {{ as_of_date() }}
            and (valid_to is null or valid_to >= {{ as_of_date() }})
    ) as ranked
    where preference = 1
),

-- What each entity may be called: the number printed on paper, an accounting code, a login.
names as (
    select 'customer' as entity_type, customer_number as name, customer_id as id, 1 as preference
    from {{ ref('int_customers') }}
    union all
    select 'customer', accounting_code, customer_id, 1
    from {{ ref('int_customers') }}
    union all
    select 'product', product_code, product_id, 1
    from {{ ref('int_products') }}
    union all
    select 'employee', employee_number, employee_id, 1
    from {{ ref('int_employees') }}
    union all
    select 'company', registration_number, company_id, 1
    from {{ ref('int_companies') }}
    union all
    select 'company', company_number, company_id, 2
    from {{ ref('int_companies') }}
    union all
    select 'company', name, company_id, 3
    from {{ ref('int_companies') }}
    union all
    -- An order and the papers that follow it may share a number: the order is meant.
    select
        'document',
        document_number,
        document_id,
        case document_type
            when 'order' then 1
            when 'invoice' then 2
            when 'credit_note' then 3
            when 'delivery_note' then 4
            when 'return' then 5
            else 6
        end
    from {{ ref('int_documents') }}
    union all
    select
        'instalment',
        document.document_number || '/' || cast(instalment.instalment_number as {{ dbt.type_string() }}),
        instalment.instalment_id,
        1
    from {{ ref('int_instalments') }} as instalment
    inner join {{ ref('int_documents') }} as document
        on instalment.document_id = document.document_id
),

best_names as (
    select
        entity_type,
        name,
        min(id) as id,
        count(distinct id) as candidates
    from (
        select
            entity_type,
            lower(trim(name)) as name,
            id,
            dense_rank() over (
                partition by entity_type, lower(trim(name)) order by preference
            ) as preference
        from names
        where name is not null
    ) as ranked
    where preference = 1
    group by entity_type, name
),

reference_keys as (
    select entity_type, id, substr(id, length('ref/' || entity_type || '/') + 1) as name
    from {{ ref('int_mentions') }}
    where is_reference
    union distinct
    select entity_type, to_id as id, substr(to_id, length('ref/' || entity_type || '/') + 1) as name
    from links
    where to_id like 'ref/%'
),

-- A source that gives contract tables may name what another source describes, by its number:
-- `ledger/C00042` is then the customer C00042 of the ERP, provided that there is just one.
foreign_keys as (
    select mentions.entity_type, mentions.id, substr(mentions.id, instr(mentions.id, '/') + 1) as name
    from {{ ref('int_mentions') }} as mentions
    left join (select distinct entity_type, id from names) as members
        on mentions.entity_type = members.entity_type and mentions.id = members.id
    where not mentions.is_reference and members.id is null
),

matches as (
    select
        reference_keys.entity_type,
        reference_keys.id as from_id,
        case when best_names.candidates = 1 then best_names.id end as to_id,
        case
            when best_names.candidates = 1 then 'reference'
            when best_names.candidates > 1 then 'ambiguous'
            else 'unresolved'
        end as method
    from reference_keys
    left join best_names
        on
            reference_keys.entity_type = best_names.entity_type
            and lower(trim(reference_keys.name)) = best_names.name
    union all
    select foreign_keys.entity_type, foreign_keys.id as from_id, best_names.id as to_id, 'reference'
    from foreign_keys
    inner join best_names
        on
            foreign_keys.entity_type = best_names.entity_type
            and lower(trim(foreign_keys.name)) = best_names.name
            and best_names.candidates = 1
),

found as (
    select
        links.entity_type,
        links.from_id,
        case when links.to_id like 'ref/%' then matches.to_id else links.to_id end as to_id,
        case
            when links.to_id like 'ref/%' and matches.to_id is null then matches.method
            else links.method
        end as method,
        links.confidence
    from links
    left join matches
        on links.entity_type = matches.entity_type and links.to_id = matches.from_id
    union all
    select
        matches.entity_type,
        matches.from_id,
        matches.to_id,
        matches.method,
        case when matches.to_id is null then 0 else 1 end
    from matches
    left join links
        on matches.entity_type = links.entity_type and matches.from_id = links.from_id
    where links.from_id is null
)

select
    found.entity_type,
    found.from_id,
    case
        -- An unresolved login is a person's name: it reaches core as a pseudonym only.
        when found.to_id is null and found.entity_type = 'employee'
            then 'ref/employee/' || {{ pseudonym('found.from_id') }}
        else found.to_id
    end as to_id,
    found.method,
    cast(case when found.to_id is null then 0 else found.confidence end as decimal(18, 4)) as confidence,
    coalesce(mentions.mention_count, 0) as mention_count
from found
left join {{ ref('int_mentions') }} as mentions
    on found.entity_type = mentions.entity_type and found.from_id = mentions.id

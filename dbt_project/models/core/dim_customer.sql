-- One row per customer account, with today's attributes; `unknown` stands for none.
-- Past attributes are in dim_customer_history.
with linked as (
    select from_id, to_id
    from {{ ref('int_identities') }}
    where entity_type = 'customer' and to_id is not null
),

accounts as (
    select
        account.*,
        linked.to_id,
        coalesce({{ resolved('customer', 'account.customer_group_id') }}, account.customer_id) as head_id
    from {{ ref('int_customers') }} as account
    left join linked on account.customer_id = linked.from_id
),

-- Another system's account of the same customer is that customer, not a second one.
customers as (
    select * from accounts
    where to_id is null
),

-- It may know whose group the customer belongs to; the leading system tells who is one firm. Two of its accounts
-- may be one customer and stand under different heads: nothing says which is right, so that it is one, always the same.
linked_groups as (
    select
        to_id as customer_id,
        max(head_id) as customer_group_id
    from accounts
    where to_id is not null and customer_group_id is not null
    group by to_id
),

inferred as (
    select distinct {{ resolved('customer', 'mention.id') }} as customer_id
    from {{ ref('int_mentions') }} as mention
    where mention.entity_type = 'customer'
    union distinct
    select 'unknown' as customer_id
),

members as (
    select
        customers.customer_id,
        customers.source_id,
        customers.source_system,
        {{ resolved('company', 'customers.company_id') }} as company_id,
        customers.customer_number,
        customers.name,
        coalesce(linked_groups.customer_group_id, customers.head_id) as customer_group_id,
        coalesce({{ resolved('customer', 'customers.payer_customer_id') }}, customers.customer_id) as payer_customer_id,
        customers.customer_class,
        coalesce(customers.segment, 'unknown') as segment,
        coalesce(customers.country_code, 'unknown') as country_code,
        customers.postal_code,
        customers.city,
        customers.language_code,
        coalesce({{ resolved('employee', 'customers.salesperson_id') }}, 'unknown') as salesperson_id,
        customers.payment_term_id,
        customers.accounting_code,
        customers.vat_number,
        customers.registration_number,
        customers.do_not_remind,
        customers.insolvent_since,
        customers.is_active,
        customers.created_at,
        customers.custom_fields,
        false as is_inferred
    from customers
    left join linked_groups on customers.head_id = linked_groups.customer_id
    union all
    select
        inferred.customer_id,
        'unknown' as source_id,
        'unknown' as source_system,
        cast(null as {{ dbt.type_string() }}) as company_id,
        cast(null as {{ dbt.type_string() }}) as customer_number,
        inferred.customer_id as name,
        inferred.customer_id as customer_group_id,
        inferred.customer_id as payer_customer_id,
        'private' as customer_class,
        'unknown' as segment,
        'unknown' as country_code,
        cast(null as {{ dbt.type_string() }}) as postal_code,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as language_code,
        'unknown' as salesperson_id,
        cast(null as {{ dbt.type_string() }}) as payment_term_id,
        cast(null as {{ dbt.type_string() }}) as accounting_code,
        cast(null as {{ dbt.type_string() }}) as vat_number,
        cast(null as {{ dbt.type_string() }}) as registration_number,
        false as do_not_remind,
        cast(null as date) as insolvent_since,
        true as is_active,
        cast(null as {{ dbt.type_timestamp() }}) as created_at,
        cast(null as {{ dbt.type_string() }}) as custom_fields,
        true as is_inferred
    from inferred
    left join customers on inferred.customer_id = customers.customer_id
    where customers.customer_id is null
)

select * from members

-- One row per customer account, with today's attributes; `unknown` stands for none.
-- Past attributes are in dim_customer_history.
with linked as (
    select from_id
    from {{ ref('int_identities') }}
    where entity_type = 'customer' and to_id is not null
),

-- Another system's account of the same customer is that customer, not a second one.
customers as (
    select customer.*
    from {{ ref('int_customers') }} as customer
    left join linked on customer.customer_id = linked.from_id
    where linked.from_id is null
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
        customer_id,
        source_id,
        source_system,
        {{ resolved('company', 'customer.company_id') }} as company_id,
        customer_number,
        name,
        coalesce({{ resolved('customer', 'customer.customer_group_id') }}, customer_id) as customer_group_id,
        coalesce({{ resolved('customer', 'customer.payer_customer_id') }}, customer_id) as payer_customer_id,
        customer_class,
        coalesce(segment, 'unknown') as segment,
        coalesce(country_code, 'unknown') as country_code,
        postal_code,
        city,
        language_code,
        coalesce({{ resolved('employee', 'customer.salesperson_id') }}, 'unknown') as salesperson_id,
        payment_term_id,
        accounting_code,
        vat_number,
        registration_number,
        do_not_remind,
        insolvent_since,
        is_active,
        created_at,
        false as is_inferred
    from customers as customer
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
        true as is_inferred
    from inferred
    left join customers on inferred.customer_id = customers.customer_id
    where customers.customer_id is null
)

select * from members

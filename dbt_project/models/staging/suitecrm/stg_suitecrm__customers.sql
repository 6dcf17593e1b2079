-- One row per account. The number that it shares with the ERP is told by the entity links alone: told here too,
-- it would name two customers.
{%- set generations = ['accounts', 'parents', 'grandparents', 'great_grandparents'] %}
with

accounts as (
    select * from {{ raw('suitecrm', 'accounts') }}
),

own_fields as (
    select * from {{ raw('suitecrm', 'accounts_cstm') }}
),

-- Whoever stands at the top decides; branches of a branch belong to his group, too.
headed as (
    select
        accounts.*,
        coalesce({{ generations | reverse | join('.parent_id, ') }}.parent_id) as head_id
    from accounts
    {%- for generation in generations[1:] %}
    left join accounts as {{ generation }}
        on
            accounts.source_id = {{ generation }}.source_id
            and {{ generations[loop.index0] }}.parent_id = {{ generation }}.id
    {%- endfor %}
),

final as (
    select
        headed.source_id,
        'suitecrm' as source_system,
        {{ key('headed.source_id', 'accounts', 'headed.id') }} as customer_id,
        headed.name,
        {{ key('headed.source_id', 'accounts', 'headed.head_id') }} as customer_group_id,
        'private' as customer_class,
        -- Countries are written as people please; a code can be told from a name by its length.
        case
            when length(trim(headed.billing_address_country)) = 2 then upper(trim(headed.billing_address_country))
        end as country_code,
        nullif(trim(headed.billing_address_postalcode), '') as postal_code,
        nullif(trim(headed.billing_address_city), '') as city,
        {{ key('headed.source_id', 'users', 'headed.assigned_user_id') }} as salesperson_id,
        false as do_not_remind,
        true as is_active,
        headed.date_entered as created_at,
        own_fields.custom_fields
    from headed
    left join own_fields
        on headed.source_id = own_fields.source_id and headed.id = own_fields.id_c
)

{{ conform('customers', lacks=[
    'company_id', 'customer_number', 'payer_customer_id', 'segment', 'language_code', 'payment_term_id',
    'accounting_code', 'vat_number', 'registration_number', 'insolvent_since',
]) }}

-- One row per account. The number that it shares with the ERP is told by the entity links alone: told here too,
-- it would name two customers.
{%- set generations = ['accounts', 'parents', 'grandparents', 'great_grandparents'] %}
with

accounts as (
    select * from {{ raw('salesforce', 'account') }}
),

-- Whoever stands at the top decides; branches of a branch belong to his group, too.
headed as (
    select
        accounts.*,
        coalesce({{ generations | reverse | join('.parentid, ') }}.parentid) as head_id
    from accounts
    {%- for generation in generations[1:] %}
    left join accounts as {{ generation }}
        on
            accounts.source_id = {{ generation }}.source_id
            and {{ generations[loop.index0] }}.parentid = {{ generation }}.id
    {%- endfor %}
),

final as (
    select
        source_id,
        'salesforce' as source_system,
        {{ key('source_id', 'account', 'id') }} as customer_id,
        name,
        {{ key('source_id', 'account', 'head_id') }} as customer_group_id,
        'private' as customer_class,
        billingcountrycode as country_code,
        billingpostalcode as postal_code,
        billingcity as city,
        {{ key('source_id', 'user', 'ownerid') }} as salesperson_id,
        false as do_not_remind,
        true as is_active,
        createddate as created_at,
        custom_fields
    from headed
)

{{ conform('customers', lacks=[
    'company_id', 'customer_number', 'payer_customer_id', 'segment', 'language_code', 'payment_term_id',
    'accounting_code', 'vat_number', 'registration_number', 'insolvent_since',
]) }}

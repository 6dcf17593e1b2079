-- One row per company. The number that it shares with the ERP is told by the entity links alone: told here too,
-- it would name two customers.
with

companies as (
    select * from {{ raw('hubspot', 'company') }}
),

final as (
    select
        companies.source_id,
        'hubspot' as source_system,
        {{ key('companies.source_id', 'company', 'companies.id') }} as customer_id,
        companies.name,
        -- The parent of a parent decides; more levels than that are rare.
        {{ key(
            'companies.source_id', 'company', 'coalesce(parents.hs_parent_company_id, companies.hs_parent_company_id)'
        ) }} as customer_group_id,
        'private' as customer_class,
        companies.hs_country_code as country_code,
        companies.zip as postal_code,
        companies.city,
        {{ key('companies.source_id', 'owner', 'companies.hubspot_owner_id') }} as salesperson_id,
        false as do_not_remind,
        true as is_active,
        companies.createdate as created_at,
        companies.custom_fields
    from companies
    left join companies as parents
        on companies.source_id = parents.source_id and companies.hs_parent_company_id = parents.id
)

{{ conform('customers', lacks=[
    'company_id', 'customer_number', 'payer_customer_id', 'segment', 'language_code', 'payment_term_id',
    'accounting_code', 'vat_number', 'registration_number', 'insolvent_since',
]) }}

-- One row per partner and version of it that reached the warehouse: what its history is made of.
with

partners as (
    select * from {{ raw_versions('odoo', 'res_partner') }}
),

entities as (
    select * from {{ raw('odoo', 'res_partner') }}
),

countries as (
    select * from {{ raw('odoo', 'res_country') }}
),

industries as (
    select * from {{ raw('odoo', 'res_partner_industry') }}
)

select
    {{ key('partners.source_id', 'res.partner', 'partners.id') }} as customer_id,
    partners._from_load as from_load,
    -- As stg_odoo__customers: a contact person goes by the name of his company.
    coalesce(
        case when coalesce(partners.type, 'contact') <> 'contact' or entities.id is null then partners.name end,
        entities.name, cast(partners.id as {{ dbt.type_string() }})
    ) as name,
    {{ translated('industries.name') }} as segment,
    upper(countries.code) as country_code,
    {{ key('partners.source_id', 'res.users', 'coalesce(partners.user_id, entities.user_id)') }} as salesperson_id,
    coalesce(partners.active, true) as is_active
from partners
left join entities
    on
        partners.source_id = entities.source_id
        and partners.commercial_partner_id = entities.id
        and partners.id <> entities.id
left join industries
    on
        partners.source_id = industries.source_id
        and coalesce(entities.industry_id, partners.industry_id) = industries.id
left join countries
    on partners.source_id = countries.source_id and partners.country_id = countries.id

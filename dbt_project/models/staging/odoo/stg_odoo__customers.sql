-- One row per partner that is a customer, or that a sales document or payment names.
with

partners as (
    select * from {{ raw('odoo', 'res_partner') }}
),

companies as (
    select * from {{ raw('odoo', 'res_company') }}
),

countries as (
    select * from {{ raw('odoo', 'res_country') }}
),

languages as (
    select * from {{ raw('odoo', 'res_lang') }}
),

industries as (
    select * from {{ raw('odoo', 'res_partner_industry') }}
),

properties as (
    select * from {{ raw('odoo', 'ir_property') }} where name = 'property_payment_term_id'
),

orders as (
    select * from {{ raw('odoo', 'sale_order') }}
),

transfers as (
    select * from {{ raw('odoo', 'stock_picking') }}
),

transfer_types as (
    select * from {{ raw('odoo', 'stock_picking_type') }}
),

moves as (
    select *
    from {{ raw('odoo', 'account_move') }}
    where move_type in ('out_invoice', 'out_refund', 'out_receipt')
),

payments as (
    select * from {{ raw('odoo', 'account_payment') }} where partner_type = 'customer'
),

tags as (
    select
        links.source_id,
        links.partner_id,
        lower({{ translated('categories.name') }}) as tag
    from {{ raw('odoo', 'res_partner_res_partner_category_rel') }} as links
    inner join {{ raw('odoo', 'res_partner_category') }} as categories
        on links.source_id = categories.source_id and links.category_id = categories.id
),

class_map as (
    select * from {{ ref('customer_class_map') }} where system = 'odoo'
),

classes as (
    select tags.source_id, tags.partner_id, min(class_map.customer_class) as customer_class
    from tags
    inner join class_map on tags.tag = class_map.tag
    group by tags.source_id, tags.partner_id
),

named as (
    select source_id, partner_id from orders
    union
    select source_id, partner_invoice_id from orders
    union
    select source_id, partner_shipping_id from orders
    union
    select source_id, partner_id from moves
    union
    select source_id, commercial_partner_id from moves
    union
    select source_id, partner_shipping_id from moves
    union
    select source_id, partner_id from payments
    union
    select transfers.source_id, transfers.partner_id
    from transfers
    inner join transfer_types
        on transfers.source_id = transfer_types.source_id and transfers.picking_type_id = transfer_types.id
    where transfer_types.code = 'outgoing'
),

-- Documents are booked on the commercial entity of whoever they name.
wanted as (
    select source_id, id from partners where customer_rank > 0
    union
    select source_id, partner_id from named
    union
    select partners.source_id, partners.commercial_partner_id
    from partners
    inner join named on partners.source_id = named.source_id and partners.id = named.partner_id
),

first_companies as (
    select source_id, min(id) as company_id from companies group by source_id
),

terms as (
    select source_id, res_id, min(value_reference) as value_reference
    from properties
    group by source_id, res_id
),

described as (
    select
        partners.*,
        coalesce(partners.name, commercial.name, partners.ref, cast(partners.id as {{ dbt.type_string() }})) as label,
        coalesce(partners.commercial_partner_id, partners.id) as entity_id,
        commercial.parent_id as entity_parent_id,
        commercial.is_company as entity_is_company,
        commercial.ref as entity_ref,
        commercial.vat as entity_vat,
        commercial.company_registry as entity_registry,
        commercial.industry_id as entity_industry_id,
        commercial.no_overdue_reminder as entity_no_overdue_reminder,
        commercial.user_id as entity_user_id,
        coalesce(
            {{ company_value('commercial.property_payment_term_id', 'coalesce(commercial.company_id, first_companies.company_id)') }},
            {{ dbt.split_part('terms.value_reference', "','", 2) }}
        ) as payment_term_id
    from partners
    left join partners as commercial
        on
            partners.source_id = commercial.source_id
            and coalesce(partners.commercial_partner_id, partners.id) = commercial.id
    left join first_companies on partners.source_id = first_companies.source_id
    left join terms
        on
            partners.source_id = terms.source_id
            and terms.res_id = 'res.partner,' || cast(coalesce(partners.commercial_partner_id, partners.id) as {{ dbt.type_string() }})
),

final as (
    select
        described.source_id,
        'odoo' as source_system,
        {{ key('described.source_id', 'res.partner', 'described.id') }} as customer_id,
        {{ key('described.source_id', 'res.company', 'described.company_id') }} as company_id,
        -- An address that repeats its company's code is not a second account of that code.
        case
            when described.entity_id = described.id or described.ref <> described.entity_ref then described.ref
        end as customer_number,
        described.label as name,
        {{ key('described.source_id', 'res.partner', 'coalesce(described.entity_parent_id, case when described.entity_id <> described.id then described.entity_id end)') }} as customer_group_id,
        {{ key('described.source_id', 'res.partner', 'described.entity_id') }} as payer_customer_id,
        case
            when own_companies.id is not null then 'intercompany'
            when classes.customer_class is not null then classes.customer_class
            when not coalesce(described.entity_is_company, true) then 'consumer'
            else 'private'
        end as customer_class,
        {{ translated('industries.name') }} as segment,
        upper(countries.code) as country_code,
        described.zip as postal_code,
        described.city,
        coalesce(substring(languages.iso_code, 1, 2), substring(described.lang, 1, 2)) as language_code,
        {{ key('described.source_id', 'res.users', 'coalesce(described.user_id, described.entity_user_id)') }} as salesperson_id,
        {{ key('described.source_id', 'account.payment.term', 'described.payment_term_id') }} as payment_term_id,
        case when described.entity_id = described.id then described.ref end as accounting_code,
        described.entity_vat as vat_number,
        described.entity_registry as registration_number,
        coalesce(described.no_overdue_reminder, described.entity_no_overdue_reminder, false) as do_not_remind,
        coalesce(described.active, true) as is_active,
        described.create_date as created_at
    from described
    inner join wanted
        on described.source_id = wanted.source_id and described.id = wanted.id
    left join companies as own_companies
        on described.source_id = own_companies.source_id and described.entity_id = own_companies.partner_id
    left join classes
        on described.source_id = classes.source_id and described.entity_id = classes.partner_id
    left join industries
        on described.source_id = industries.source_id and described.entity_industry_id = industries.id
    left join countries
        on described.source_id = countries.source_id and described.country_id = countries.id
    left join languages
        on described.source_id = languages.source_id and described.lang = languages.code
)

{{ conform('customers', lacks=['insolvent_since']) }}

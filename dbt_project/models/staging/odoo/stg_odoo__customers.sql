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
    select * from {{ raw('odoo', 'ir_property') }}
    where name = 'property_payment_term_id'
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
    select * from {{ raw('odoo', 'account_payment') }}
    where partner_type = 'customer'
),

tags as (
    select
        links.source_id,
        links.partner_id,
        links._from_load,
        lower({{ translated('categories.name') }}) as tag
    from {{ raw('odoo', 'res_partner_res_partner_category_rel') }} as links
    inner join {{ raw('odoo', 'res_partner_category') }} as categories
        on links.source_id = categories.source_id and links.category_id = categories.id
),

tag_map as (
    select * from {{ ref('customer_tag_map') }}
    where system = 'odoo'
),

tag_meanings as (
    select
        tags.source_id,
        tags.partner_id,
        min(case when tag_map.meaning in ('public', 'consumer', 'intercompany') then tag_map.meaning end)
            as customer_class,
        max(case when tag_map.meaning = 'do_not_remind' then 1 else 0 end) = 1 as do_not_remind,
        -- Odoo does not date its tags: the partner was changed when this one was put on.
        min(case when tag_map.meaning = 'insolvent' then cast(tagged_versions.write_date as date) end)
            as insolvent_since
    from tags
    inner join tag_map on tags.tag = tag_map.tag
    left join {{ raw_versions('odoo', 'res_partner') }} as tagged_versions
        on
            tags.source_id = tagged_versions.source_id
            and tags.partner_id = tagged_versions.id
            and tags._from_load >= tagged_versions._from_load
            and (tagged_versions._to_load is null or tags._from_load < tagged_versions._to_load)
    group by tags.source_id, tags.partner_id
),

named as (
    select
        source_id,
        partner_id
    from orders
    union
    select
        source_id,
        partner_invoice_id
    from orders
    union
    select
        source_id,
        partner_shipping_id
    from orders
    union
    select
        source_id,
        partner_id
    from moves
    union
    select
        source_id,
        commercial_partner_id
    from moves
    union
    select
        source_id,
        partner_shipping_id
    from moves
    union
    select
        source_id,
        partner_id
    from payments
    union
    select
        transfers.source_id,
        transfers.partner_id
    from transfers
    inner join transfer_types
        on transfers.source_id = transfer_types.source_id and transfers.picking_type_id = transfer_types.id
    where transfer_types.code = 'outgoing'
),

-- Documents are booked on the commercial entity of whoever they name.
wanted as (
    select
        source_id,
        id
    from partners
    where customer_rank > 0
    union
    select
        source_id,
        partner_id
    from named
    union
    select
        partners.source_id,
        partners.commercial_partner_id
    from partners
    inner join named on partners.source_id = named.source_id and partners.id = named.partner_id
),

-- Terms agreed with several companies: the lowest company's stand for the account.
stated_terms as (
    select
        partners.source_id,
        partners.id as partner_id,
        companies.id as company_id,
        {{ company_value('partners.property_payment_term_id', 'companies.id') }} as payment_term_id
    from partners
    inner join companies
        on
            partners.source_id = companies.source_id
            and coalesce(partners.company_id, companies.id) = companies.id
    where partners.property_payment_term_id is not null

    union all

    select
        source_id,
        cast({{ dbt.split_part('res_id', "','", 2) }} as bigint) as partner_id,
        company_id,
        {{ dbt.split_part('value_reference', "','", 2) }} as payment_term_id
    from properties
    where res_id like 'res.partner,%'
),

terms as (
    select
        source_id,
        partner_id,
        payment_term_id,
        row_number() over (partition by source_id, partner_id order by company_id) as position
    from stated_terms
    where payment_term_id is not null
),

described as (
    select
        partners.*,
        -- A contact person is an account of his company, under its name and not his own.
        coalesce(
            case
                when
                    coalesce(partners.type, 'contact') <> 'contact'
                    or partners.id = coalesce(commercial.id, partners.id)
                    then partners.name
            end,
            commercial.name, partners.ref, cast(partners.id as {{ dbt.type_string() }})
        ) as label,
        coalesce(partners.commercial_partner_id, partners.id) as entity_id,
        commercial.parent_id as entity_parent_id,
        commercial.is_company as entity_is_company,
        commercial.ref as entity_ref,
        commercial.vat as entity_vat,
        commercial.company_registry as entity_registry,
        commercial.industry_id as entity_industry_id,
        commercial.no_overdue_reminder as entity_no_overdue_reminder,
        commercial.user_id as entity_user_id,
        terms.payment_term_id
    from partners
    left join partners as commercial
        on
            partners.source_id = commercial.source_id
            and coalesce(partners.commercial_partner_id, partners.id) = commercial.id
    left join terms
        on
            partners.source_id = terms.source_id
            and coalesce(partners.commercial_partner_id, partners.id) = terms.partner_id
            and terms.position = 1
),

final as (
    select
        described.source_id,
        'odoo' as source_system,
        {{ key('described.source_id', 'res.partner', 'described.id') }} as customer_id,
        {{ key('described.source_id', 'res.company', 'described.company_id') }} as company_id,
        -- An address that repeats its company's code is not a second account of that code.
        case
            when
                described.entity_id = described.id or described.ref <> described.entity_ref
                then described.ref
        end as customer_number,
        described.label as name,
        {{ key(
            'described.source_id', 'res.partner',
            'coalesce(described.entity_parent_id, nullif(described.entity_id, described.id))'
        ) }} as customer_group_id,
        {{ key('described.source_id', 'res.partner', 'described.entity_id') }} as payer_customer_id,
        case
            when own_companies.id is not null then 'intercompany'
            when tag_meanings.customer_class is not null then tag_meanings.customer_class
            when not coalesce(described.entity_is_company, true) then 'consumer'
            else 'private'
        end as customer_class,
        {{ translated('industries.name') }} as segment,
        upper(countries.code) as country_code,
        described.zip as postal_code,
        described.city,
        coalesce(substring(languages.iso_code, 1, 2), substring(described.lang, 1, 2)) as language_code,
        {{ key(
            'described.source_id', 'res.users',
            'coalesce(described.user_id, described.entity_user_id)'
        ) }} as salesperson_id,
        {{ key(
            'described.source_id', 'account.payment.term',
            'described.payment_term_id'
        ) }} as payment_term_id,
        case when described.entity_id = described.id then described.ref end as accounting_code,
        described.entity_vat as vat_number,
        described.entity_registry as registration_number,
        coalesce(described.no_overdue_reminder, false)
        or coalesce(described.entity_no_overdue_reminder, false)
        or coalesce(tag_meanings.do_not_remind, false) as do_not_remind,
        tag_meanings.insolvent_since,
        coalesce(described.active, true) as is_active,
        described.create_date as created_at,
        described.custom_fields
    from described
    inner join wanted
        on described.source_id = wanted.source_id and described.id = wanted.id
    left join companies as own_companies
        on described.source_id = own_companies.source_id and described.entity_id = own_companies.partner_id
    left join tag_meanings
        on described.source_id = tag_meanings.source_id and described.entity_id = tag_meanings.partner_id
    left join industries
        on described.source_id = industries.source_id and described.entity_industry_id = industries.id
    left join countries
        on described.source_id = countries.source_id and described.country_id = countries.id
    left join languages
        on described.source_id = languages.source_id and described.lang = languages.code
)

{{ conform('customers') }}

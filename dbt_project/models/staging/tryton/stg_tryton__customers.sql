-- One row per party that a sales document or a customer account names, or that was given terms to buy on.
with

parties as (
    select * from {{ raw('tryton', 'party_party') }}
),

companies as (
    select * from {{ raw('tryton', 'company_company') }}
),

countries as (
    select * from {{ raw('tryton', 'country_country') }}
),

terms as (
    select
        source_id,
        party,
        max(customer_payment_term) as payment_term
    from {{ raw('tryton', 'party_party_payment_term') }}
    group by source_id, party
),

named as (
    select source_id, party from {{ raw('tryton', 'sale_sale') }}
    union distinct
    select source_id, shipment_party as party from {{ raw('tryton', 'sale_sale') }}
    union distinct
    select source_id, invoice_party as party from {{ raw('tryton', 'sale_sale') }}
    union distinct
    select source_id, customer as party from {{ raw('tryton', 'stock_shipment_out') }}
    union distinct
    select source_id, customer as party from {{ raw('tryton', 'stock_shipment_out_return') }}
    union distinct
    select source_id, party from {{ raw('tryton', 'account_invoice') }}
    union distinct
    select source_id, party from {{ raw('tryton', 'account_move_line') }}
    union distinct
    select source_id, customer as party from {{ raw('tryton', 'sale_complaint') }}
    union distinct
    select source_id, party from terms
    where payment_term is not null
    union distinct
    select source_id, party from {{ raw('tryton', 'party_party_credit_limit_amount') }}
    where credit_limit_amount is not null
),

addresses as (
    select
        *,
        row_number() over (
            partition by source_id, party
            order by
                case when coalesce(active, true) then 0 else 1 end,
                case when coalesce(invoice, false) then 0 else 1 end,
                coalesce(sequence, 0),
                id
        ) as preference
    from {{ raw('tryton', 'party_address') }}
),

identifiers as (
    select
        source_id,
        party,
        min(case when type = 'eu_vat' or type like '%vat' or type = 'it_iva' then replace(code, ' ', '') end) as vat_number,
        min(
            case
                when type = 'fr_siren' then replace(code, ' ', '')
                when type = 'fr_siret' then substring(replace(code, ' ', ''), 1, 9)
                when type = 'it_codicefiscale' then replace(code, ' ', '')
            end
        ) as registration_number
    from {{ raw('tryton', 'party_identifier') }}
    group by source_id, party
),

languages as (
    select
        party_languages.source_id,
        party_languages.party,
        min(lower(substring(languages.code, 1, 2))) as language_code
    from {{ raw('tryton', 'party_party_lang') }} as party_languages
    inner join {{ raw('tryton', 'ir_lang') }} as languages
        on party_languages.source_id = languages.source_id and party_languages.lang = languages.id
    group by party_languages.source_id, party_languages.party
),

-- A tag that the map knows says something about the debtor; any other is the customer's segment.
tags as (
    select
        tagged.source_id,
        tagged.party,
        min(case when tag_map.meaning in ('public', 'consumer', 'intercompany') then tag_map.meaning end) as customer_class,
        min(case when tag_map.meaning is null then categories.name end) as segment,
        max(case when tag_map.meaning = 'do_not_remind' then 1 else 0 end) = 1 as do_not_remind
    from {{ raw('tryton', 'party_party_category') }} as tagged
    inner join {{ raw('tryton', 'party_category') }} as categories
        on tagged.source_id = categories.source_id and tagged.category = categories.id
    left join {{ ref('customer_tag_map') }} as tag_map
        on tag_map.system = 'tryton' and lower(trim(categories.name)) = tag_map.tag
    group by tagged.source_id, tagged.party
),

final as (
    select
        parties.source_id,
        'tryton' as source_system,
        {{ key('parties.source_id', 'party.party', 'parties.id') }} as customer_id,
        parties.code as customer_number,
        coalesce(parties.name, parties.code) as name,
        case
            when companies.id is not null then 'intercompany'
            else coalesce(tags.customer_class, 'private')
        end as customer_class,
        tags.segment,
        upper(countries.code) as country_code,
        addresses.postal_code,
        addresses.city,
        languages.language_code,
        {{ key('parties.source_id', 'account.invoice.payment_term', 'terms.payment_term') }} as payment_term_id,
        parties.code as accounting_code,
        identifiers.vat_number,
        identifiers.registration_number,
        coalesce(tags.do_not_remind, false) as do_not_remind,
        coalesce(parties.active, true) as is_active,
        parties.create_date as created_at,
        parties.custom_fields
    from parties
    inner join named
        on parties.source_id = named.source_id and parties.id = named.party
    left join companies
        on parties.source_id = companies.source_id and parties.id = companies.party
    left join addresses
        on parties.source_id = addresses.source_id and parties.id = addresses.party and addresses.preference = 1
    left join countries
        on addresses.source_id = countries.source_id and addresses.country = countries.id
    left join identifiers
        on parties.source_id = identifiers.source_id and parties.id = identifiers.party
    left join languages
        on parties.source_id = languages.source_id and parties.id = languages.party
    left join tags
        on parties.source_id = tags.source_id and parties.id = tags.party
    left join terms
        on parties.source_id = terms.source_id and parties.id = terms.party
)

{{ conform('customers', lacks=[
    'company_id', 'customer_group_id', 'payer_customer_id', 'salesperson_id', 'insolvent_since',
]) }}

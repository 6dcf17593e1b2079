-- One row per customer and version of the third party that reached the warehouse.
{{ config(materialized='table') }}

with

third_parties as (
    select * from {{ raw_versions('dolibarr', 'llx_societe') }}
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

countries as (
    select source_id, rowid, code from {{ raw('dolibarr', 'llx_c_country') }}
    union all
    select source_id, rowid, code from {{ raw('dolibarr', 'llx_c_pays') }}
),

kinds as (
    select * from {{ raw('dolibarr', 'llx_c_typent') }}
),

salespeople as (
    select source_id, fk_soc, min(fk_user) as fk_user
    from {{ raw('dolibarr', 'llx_societe_commerciaux') }}
    group by source_id, fk_soc
),

-- Some third parties are quoted or sold to without being called customers.
named as (
    {%- for table in ['llx_propal', 'llx_commande', 'llx_expedition', 'llx_facture', 'llx_ticket'] %}
    select source_id, fk_soc from {{ raw('dolibarr', table) }}
    {{ 'union distinct' if not loop.last }}
    {%- endfor %}
),

tag_map as (
    select * from {{ ref('customer_tag_map') }}
    where system = 'dolibarr'
),

-- A category that the map knows says something about the debtor; any other is the customer's segment.
tags as (
    select
        tagged.source_id,
        tagged.fk_soc,
        min(case when tag_map.meaning in ('public', 'consumer', 'intercompany') then tag_map.meaning end) as customer_class,
        min(case when tag_map.meaning is null then categories.label end) as segment,
        max(case when tag_map.meaning = 'do_not_remind' then 1 else 0 end) = 1 as do_not_remind
    from {{ raw('dolibarr', 'llx_categorie_societe') }} as tagged
    inner join {{ raw('dolibarr', 'llx_categorie') }} as categories
        on tagged.source_id = categories.source_id and tagged.fk_categorie = categories.rowid
    left join tag_map on lower(trim(categories.label)) = tag_map.tag
    group by tagged.source_id, tagged.fk_soc
)

select
    third_parties.source_id,
    {{ key('third_parties.source_id', 'societe', 'third_parties.rowid') }} as customer_id,
    companies.company_id,
    companies.currency_code,
    third_parties._from_load as from_load,
    case when third_parties._to_load <= {{ known_load() }} then third_parties._to_load end as to_load,
    coalesce(nullif(third_parties.code_client, ''), cast(third_parties.rowid as {{ dbt.type_string() }})) as customer_number,
    coalesce(nullif(trim(third_parties.nom), ''), third_parties.code_client, cast(third_parties.rowid as {{ dbt.type_string() }})) as name,
    nullif(third_parties.parent, 0) as parent,
    coalesce(tags.customer_class, kind_map.meaning, 'private') as customer_class,
    tags.segment,
    coalesce(tags.do_not_remind, false) as do_not_remind,
    upper(nullif(countries.code, '')) as country_code,
    nullif(trim(third_parties.zip), '') as postal_code,
    nullif(trim(third_parties.town), '') as city,
    lower(substring(nullif(third_parties.default_lang, ''), 1, 2)) as language_code,
    {{ key('third_parties.source_id', 'user', 'salespeople.fk_user') }} as salesperson_id,
    nullif(third_parties.cond_reglement, 0) as payment_term,
    nullif(trim(third_parties.code_compta), '') as accounting_code,
    nullif(replace(third_parties.tva_intra, ' ', ''), '') as vat_number,
    coalesce(
        nullif(replace(third_parties.siren, ' ', ''), ''), nullif(substring(replace(third_parties.siret, ' ', ''), 1, 9), '')
    ) as registration_number,
    third_parties.outstanding_limit,
    coalesce(third_parties.status, 1) = 1 as is_active,
    cast(third_parties.tms as date) as modified_on,
    {{ utc_instant('third_parties.datec', "coalesce(companies.time_zone, 'UTC')") }} as created_at,
    third_parties.custom_fields
from third_parties
left join named
    on third_parties.source_id = named.source_id and third_parties.rowid = named.fk_soc
left join companies
    on companies.company_id = {{ key('third_parties.source_id', 'entity', 'third_parties.entity') }}
left join countries
    on third_parties.source_id = countries.source_id and third_parties.fk_pays = countries.rowid
left join kinds
    on third_parties.source_id = kinds.source_id and third_parties.fk_typent = kinds.id
left join tag_map as kind_map
    on lower(kinds.code) = kind_map.tag and kind_map.meaning in ('public', 'consumer', 'intercompany')
left join salespeople
    on third_parties.source_id = salespeople.source_id and third_parties.rowid = salespeople.fk_soc
left join tags
    on third_parties.source_id = tags.source_id and third_parties.rowid = tags.fk_soc
where third_parties.client in (1, 3) or named.fk_soc is not null

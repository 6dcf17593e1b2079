-- One row per customer account and version of it that reached the warehouse.
with

accounts as (
    select
        *,
        trim(ct_num) as customer_number
    from {{ raw_versions('sage100', 'F_COMPTET') }}
    where ct_type = 0
),

countries as (
    select
        source_id,
        lower(trim(pa_intitule)) as name,
        min(upper(pa_codeiso2)) as country_code
    from {{ raw('sage100', 'F_PAYS') }}
    group by source_id, lower(trim(pa_intitule))
),

companies as (
    select * from {{ ref('stg_sage100__companies') }}
)

select
    accounts.source_id,
    companies.company_id,
    companies.time_zone,
    companies.currency_code,
    accounts.cbmarq,
    accounts._from_load as from_load,
    case when accounts._to_load <= {{ known_load() }} then accounts._to_load end as to_load,
    {{ key('accounts.source_id', 'F_COMPTET', 'accounts.customer_number') }} as customer_id,
    accounts.customer_number,
    accounts.cbmodification as modified_at,
    coalesce(nullif(trim(accounts.ct_intitule), ''), accounts.customer_number) as name,
    nullif(trim(accounts.ct_statistique01), '') as segment,
    case
        when coalesce(trim(accounts.ct_pays), '') = '' then companies.country_code
        else coalesce(countries.country_code, case when lower(trim(accounts.ct_pays)) = 'france' then 'FR' end)
    end as country_code,
    {{ key('accounts.source_id', 'F_COLLABORATEUR', 'nullif(accounts.co_no, 0)') }} as salesperson_id,
    nullif(trim(accounts.ct_numcentrale), '') as group_number,
    nullif(trim(accounts.ct_numpayeur), '') as payer_number,
    nullif(trim(accounts.ct_codepostal), '') as postal_code,
    nullif(trim(accounts.ct_ville), '') as city,
    lower(nullif(trim(accounts.ct_langueiso2), '')) as language_code,
    nullif(accounts.mr_no, 0) as term_number,
    nullif(trim(accounts.ct_identifiant), '') as vat_number,
    nullif(replace(accounts.ct_siret, ' ', ''), '') as registration_number,
    coalesce(accounts.ct_notrappel, 0) = 1 as do_not_remind,
    coalesce(accounts.ct_sommeil, 0) = 0 as is_active,
    coalesce(accounts.ct_encours, 0) as internal_limit,
    coalesce(accounts.ct_assurance, 0) as insured_limit,
    accounts.ct_datecreate as created_on,
    accounts.custom_fields
from accounts
inner join companies on accounts.source_id = companies.source_id
left join countries
    on accounts.source_id = countries.source_id and lower(trim(accounts.ct_pays)) = countries.name

-- One row per company and account that its settings name for receivables, deposits, sales or VAT.
with

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

settings as (
    select
        source_id,
        entity,
        trim(value) as account_prefix,
        case
            when name = 'ACCOUNTING_ACCOUNT_CUSTOMER' then 'trade'
            when name = 'ACCOUNTING_ACCOUNT_CUSTOMER_DEPOSIT' then 'deposits'
            when name = 'ACCOUNTING_VAT_SOLD_ACCOUNT' then 'tax'
            when name like 'ACCOUNTING_%_SOLD_%' then 'sales'
        end as account_role
    from {{ raw('dolibarr', 'llx_const') }}
    -- What was not set is empty, or NotDefined.
    where trim(value) not in ('', '-1') and lower(value) not like 'notdefined%'
),

final as (
    select
        companies.source_id,
        'dolibarr' as source_system,
        companies.company_id,
        settings.account_prefix,
        -- One account for receivables and deposits is that of receivables.
        coalesce(max(case when settings.account_role = 'trade' then 'trade' end), min(settings.account_role)) as account_role,
        cast('1990-01-01' as date) as valid_from
    from settings
    inner join companies
        on
            settings.source_id = companies.source_id
            and (settings.entity = 0 or cast(settings.entity as {{ dbt.type_string() }}) = companies.company_number)
    where settings.account_role is not null
    group by companies.source_id, companies.company_id, settings.account_prefix
)

{{ conform('account_roles', lacks=['valid_to']) }}

-- One row per company and customer or revenue account: what the chart of accounts says it is for.
with

accounts as (
    select * from {{ raw('tryton', 'account_account') }}
    where code is not null
),

types as (
    select * from {{ raw('tryton', 'account_account_type') }}
),

described as (
    select
        accounts.source_id,
        {{ key('accounts.source_id', 'company.company', 'accounts.company') }} as company_id,
        accounts.code,
        case
            when coalesce(types.unearned_revenue, false) or (types.receivable and accounts.code like '4191%') then 'deposits'
            -- Tryton knows one kind of receivable; the French chart tells bills, doubtful and unbilled ones apart.
            when types.receivable and accounts.code like '413%' then 'bills_in_hand'
            when types.receivable and accounts.code like '416%' then 'doubtful'
            when types.receivable and accounts.code like '418%' then 'unbilled'
            when types.receivable and accounts.code like '49%' then 'other'
            when types.receivable then 'trade'
            when types.revenue then 'sales'
        end as account_role
    from accounts
    inner join types
        on accounts.source_id = types.source_id and accounts.type = types.id
),

final as (
    select
        source_id,
        'tryton' as source_system,
        company_id,
        code as account_prefix,
        min(account_role) as account_role,
        cast('1990-01-01' as date) as valid_from
    from described
    where account_role is not null
    group by source_id, company_id, code
)

{{ conform('account_roles', lacks=['valid_to']) }}

-- One row per customer, company and period in which a credit limit was in force.
with

partners as (
    select * from {{ raw_versions('odoo', 'res_partner') }}
),

properties as (
    select *
    from {{ raw_versions('odoo', 'ir_property') }}
    where name = 'credit_limit' and res_id like 'res.partner,%'
),

companies as (
    select * from {{ ref('stg_odoo__companies') }}
),

company_numbers as (
    select
        source_id,
        id,
        min(id) over (partition by source_id) as first_id
    from {{ raw('odoo', 'res_company') }}
),

stated as (
    -- A plain number holds for the partner's company, or for all of them.
    select
        partners.source_id,
        partners.id as partner_id,
        partners.company_id,
        cast(partners.credit_limit as decimal(18, 4)) as amount,
        partners._from_load,
        case
            when
                row_number() over (partition by partners.source_id, partners.id order by partners._from_load)
                = 1
                then partners.create_date
            else partners.write_date
        end as changed_at
    from partners
    where partners.credit_limit not like {{ json_object_pattern() }}

    union all

    select
        partners.source_id,
        partners.id as partner_id,
        company_numbers.id as company_id,
        cast({{ company_value('partners.credit_limit', 'company_numbers.id') }} as decimal(18, 4)) as amount,
        partners._from_load,
        case
            when
                row_number() over (
                    partition by partners.source_id, partners.id, company_numbers.id
                    order by partners._from_load
                ) = 1
                then partners.create_date
            else partners.write_date
        end as changed_at
    from partners
    inner join company_numbers on partners.source_id = company_numbers.source_id
    where partners.credit_limit like {{ json_object_pattern() }}

    union all

    select
        properties.source_id,
        cast({{ dbt.split_part('properties.res_id', "','", 2) }} as bigint) as partner_id,
        properties.company_id,
        properties.value_float as amount,
        properties._from_load,
        properties.write_date as changed_at
    from properties
),

compared as (
    select
        *,
        lag(amount)
            over (partition by source_id, partner_id, company_id order by _from_load)
            as previous_amount
    from stated
    where amount is not null
),

steps as (
    select
        *,
        lead(changed_at)
            over (partition by source_id, partner_id, company_id order by _from_load)
            as next_changed_at
    from compared
    where previous_amount is null or previous_amount <> amount
),

-- Several changes on one day: the last counts.
daily as (
    select
        *,
        cast(changed_at as date) as valid_from,
        cast(next_changed_at as date) as next_from
    from steps
),

final as (
    select
        daily.source_id,
        'odoo' as source_system,
        {{ key('daily.source_id', 'credit.limit', 'daily.partner_id') }}
        || '/' || coalesce(cast(daily.company_id as {{ dbt.type_string() }}), 'all')
        || '/' || cast(daily.valid_from as {{ dbt.type_string() }}) as credit_limit_id,
        {{ key('daily.source_id', 'res.company', 'daily.company_id') }} as company_id,
        {{ key('daily.source_id', 'res.partner', 'daily.partner_id') }} as customer_id,
        'internal' as limit_kind,
        daily.amount,
        coalesce(companies.currency_code, first_companies.currency_code) as currency_code,
        daily.valid_from,
        {{ dbt.dateadd('day', -1, 'daily.next_from') }} as valid_to
    from daily
    left join companies
        on companies.company_id = {{ key('daily.source_id', 'res.company', 'daily.company_id') }}
    left join (select distinct
        source_id,
        first_id
    from company_numbers) as firsts
        on daily.source_id = firsts.source_id
    left join companies as first_companies
        on first_companies.company_id = {{ key('firsts.source_id', 'res.company', 'firsts.first_id') }}
    -- Odoo's 0 means that no limit was set.
    where daily.amount > 0 and (daily.next_from is null or daily.next_from > daily.valid_from)
)

{{ conform('credit_limits', lacks=['insurer']) }}

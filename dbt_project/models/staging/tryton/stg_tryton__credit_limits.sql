-- One row per customer, company and period in which a credit limit was in force, as seen by comparing loads.
with

stated as (
    select
        source_id,
        party,
        company,
        credit_limit_amount as amount,
        cast(changed_at as date) as valid_from,
        _from_load,
        row_number() over (
            partition by source_id, party, company, cast(changed_at as date) order by _from_load desc, id desc
        ) as preference
    from {{ raw_versions('tryton', 'party_party_credit_limit_amount') }}
),

-- The last change of a day holds; a limit that was taken back ends the one before.
periods as (
    select
        *,
        {{ add_days('lead(valid_from) over (partition by source_id, party, company order by valid_from)', -1) }} as valid_to
    from stated
    where preference = 1
),

companies as (
    select * from {{ ref('stg_tryton__companies') }}
),

final as (
    select
        periods.source_id,
        'tryton' as source_system,
        {{ key('periods.source_id', 'credit.limit', 'periods.party') }}
        || '/' || cast(periods.company as {{ dbt.type_string() }})
        || '/' || cast(periods.valid_from as {{ dbt.type_string() }}) as credit_limit_id,
        companies.company_id,
        {{ key('periods.source_id', 'party.party', 'periods.party') }} as customer_id,
        'internal' as limit_kind,
        periods.amount,
        companies.currency_code,
        periods.valid_from,
        periods.valid_to
    from periods
    inner join companies
        on companies.company_id = {{ key('periods.source_id', 'company.company', 'periods.company') }}
    where periods.amount is not null
)

{{ conform('credit_limits', lacks=['insurer']) }}

-- One row per company, account prefix and first day of validity.
with

sheet as (
    select * from {{ raw('sheets', 'account_roles') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ reference('company', 'sheet.company') }} as company_id,
        trim(sheet.account_prefix) as account_prefix,
        lower(trim(sheet.account_role)) as account_role,
        sheet.valid_from,
        sheet.valid_to
    from sheet
)

{{ conform('account_roles') }}

-- One row per customer, kind of limit and first day of validity.
with

sheet as (
    select * from {{ raw('sheets', 'credit_limits') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        sheet.source_id
        || '/credit.limit/'
        || coalesce(trim(sheet.company), '')
        || '/'
        || trim(sheet.customer_number)
        || '/'
        || lower(trim(sheet.limit_kind))
        || '/'
        || cast(sheet.valid_from as {{ dbt.type_string() }}) as credit_limit_id,
        {{ reference('company', 'sheet.company') }} as company_id,
        {{ reference('customer', 'sheet.customer_number') }} as customer_id,
        lower(trim(sheet.limit_kind)) as limit_kind,
        sheet.amount,
        sheet.currency_code,
        sheet.insurer,
        sheet.valid_from,
        sheet.valid_to
    from sheet
)

{{ conform('credit_limits') }}

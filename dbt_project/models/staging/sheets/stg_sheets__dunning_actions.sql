-- One row per reminder made by telephone or outside the ERP.
with

sheet as (
    select * from {{ raw('sheets', 'dunning_actions') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ key('sheet.source_id', 'dunning.action', 'sheet.reference') }} as dunning_action_id,
        {{ reference('company', 'sheet.company') }} as company_id,
        {{ reference('customer', 'sheet.customer_number') }} as customer_id,
        -- The sheet names the invoice; its first instalment stands for it.
        'ref/instalment/' || nullif(trim(sheet.invoice_number), '') || '/1' as instalment_id,
        sheet.action_date,
        coalesce(sheet.level, 1) as level,
        coalesce(nullif(lower(trim(sheet.channel)), ''), 'unknown') as channel,
        nullif(lower(trim(sheet.result)), '') as result,
        {{ reference('employee', 'sheet.agent_login') }} as employee_id,
        sheet.amount
    from sheet
)

{{ conform('dunning_actions') }}

-- One row per question answered.
with

sheet as (
    select * from {{ raw('sheets', 'survey_responses') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ key('sheet.source_id', 'survey.response', 'sheet.reference') }} as survey_response_id,
        {{ key(
            'sheet.source_id', 'survey.invitation',
            'sheet.invitation_reference'
        ) }} as survey_invitation_id,
        {{ reference('company', 'sheet.company') }} as company_id,
        sheet.survey,
        {{ reference('customer', 'sheet.customer_number') }} as customer_id,
        sheet.answered_at,
        lower(trim(sheet.question)) as question,
        sheet.score,
        sheet.scale_minimum,
        sheet.scale_maximum,
        {{ reference('employee', 'sheet.agent_login') }} as employee_id,
        sheet.comment
    from sheet
)

{{ conform('survey_responses') }}

-- One row per invitation to answer a survey.
with

sheet as (
    select * from {{ raw('sheets', 'survey_invitations') }}
),

final as (
    select
        sheet.source_id,
        'sheets' as source_system,
        {{ key('sheet.source_id', 'survey.invitation', 'sheet.reference') }} as survey_invitation_id,
        {{ reference('company', 'sheet.company') }} as company_id,
        sheet.survey,
        {{ reference('customer', 'sheet.customer_number') }} as customer_id,
        sheet.invited_at,
        coalesce(nullif(lower(trim(sheet.channel)), ''), 'unknown') as channel
    from sheet
)

{{ conform('survey_invitations') }}

{{ conformed('survey_invitations', ['stg_sheets__survey_invitations']) }}

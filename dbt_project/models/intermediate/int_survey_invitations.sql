{{ conformed('survey_invitations') }}

{{ conformed('survey_responses', ['stg_sheets__survey_responses']) }}

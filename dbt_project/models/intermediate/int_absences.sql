{{ conformed('absences', ['stg_sheets__absences']) }}

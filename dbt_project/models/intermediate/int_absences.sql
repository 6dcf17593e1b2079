{{ conformed('absences') }}

{{ conformed('standard_times') }}

{{ conformed('standard_times', ['stg_sheets__standard_times']) }}

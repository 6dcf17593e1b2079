{{ conformed('kpi_targets', ['stg_sheets__kpi_targets']) }}

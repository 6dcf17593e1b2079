{{ conformed('kpi_targets') }}

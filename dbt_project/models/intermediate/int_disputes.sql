{{ conformed('disputes', ['stg_sheets__disputes']) }}

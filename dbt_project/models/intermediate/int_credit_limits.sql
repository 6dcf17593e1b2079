{{ conformed('credit_limits', ['stg_odoo__credit_limits']) }}

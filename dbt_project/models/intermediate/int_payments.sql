{{ conformed('payments', ['stg_odoo__payments']) }}

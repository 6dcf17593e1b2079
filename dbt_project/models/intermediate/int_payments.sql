{{ conformed('payments', ['stg_odoo__payments', 'stg_tryton__payments']) }}

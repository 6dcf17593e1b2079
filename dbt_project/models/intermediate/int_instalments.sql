{{ conformed('instalments', ['stg_odoo__instalments', 'stg_tryton__instalments']) }}

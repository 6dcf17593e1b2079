{{ conformed('instalments', ['stg_odoo__instalments']) }}

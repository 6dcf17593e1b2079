{{ conformed('customers', ['stg_odoo__customers']) }}

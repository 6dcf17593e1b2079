{{ conformed('companies', ['stg_odoo__companies']) }}

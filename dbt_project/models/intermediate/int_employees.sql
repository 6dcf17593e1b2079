{{ conformed('employees', ['stg_odoo__employees']) }}

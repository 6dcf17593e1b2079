{{ conformed('disputes', ['stg_odoo__disputes', 'stg_sheets__disputes']) }}

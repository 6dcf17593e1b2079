{{ conformed('products', ['stg_odoo__products']) }}

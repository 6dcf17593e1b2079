{{ conformed('products', ['stg_odoo__products', 'stg_tryton__products']) }}

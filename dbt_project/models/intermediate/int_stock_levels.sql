{{ conformed('stock_levels', ['stg_odoo__stock_levels']) }}

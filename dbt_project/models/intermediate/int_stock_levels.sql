{{ conformed('stock_levels', ['stg_odoo__stock_levels', 'stg_tryton__stock_levels', 'stg_sage100__stock_levels', 'stg_dolibarr__stock_levels']) }}

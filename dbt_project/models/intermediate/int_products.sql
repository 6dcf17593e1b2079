{{ conformed('products', ['stg_odoo__products', 'stg_tryton__products', 'stg_sage100__products', 'stg_dolibarr__products', 'stg_fatturapa__products']) }}

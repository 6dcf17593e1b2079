{{ conformed('payment_terms', ['stg_odoo__payment_terms', 'stg_tryton__payment_terms', 'stg_sage100__payment_terms', 'stg_dolibarr__payment_terms']) }}

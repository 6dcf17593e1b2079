{{ conformed('exchange_rates', ['stg_odoo__exchange_rates', 'stg_tryton__exchange_rates', 'stg_dolibarr__exchange_rates']) }}

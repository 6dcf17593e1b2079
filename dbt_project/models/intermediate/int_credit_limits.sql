{{ conformed('credit_limits', ['stg_odoo__credit_limits', 'stg_sheets__credit_limits', 'stg_tryton__credit_limits', 'stg_sage100__credit_limits', 'stg_dolibarr__credit_limits']) }}

{{ conformed('payments', ['stg_odoo__payments', 'stg_tryton__payments', 'stg_sage100__payments', 'stg_dolibarr__payments']) }}

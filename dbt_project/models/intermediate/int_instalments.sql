{{ conformed('instalments', ['stg_odoo__instalments', 'stg_tryton__instalments', 'stg_sage100__instalments', 'stg_dolibarr__instalments', 'stg_fatturapa__instalments']) }}

{{ conformed('companies', ['stg_odoo__companies', 'stg_tryton__companies', 'stg_sage100__companies', 'stg_dolibarr__companies', 'stg_fatturapa__companies']) }}

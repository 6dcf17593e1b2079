{{ conformed('employees', ['stg_odoo__employees', 'stg_tryton__employees', 'stg_sage100__employees', 'stg_dolibarr__employees']) }}

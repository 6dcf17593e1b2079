{{ conformed('claims', ['stg_odoo__claims', 'stg_salesforce__claims', 'stg_tryton__claims', 'stg_dolibarr__claims', 'stg_suitecrm__claims', 'stg_hubspot__claims']) }}

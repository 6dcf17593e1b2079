{{ conformed('claims', ['stg_salesforce__claims', 'stg_tryton__claims', 'stg_dolibarr__claims']) }}

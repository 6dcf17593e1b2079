{{ conformed('claim_events', ['stg_odoo__claim_events', 'stg_salesforce__claim_events', 'stg_tryton__claim_events', 'stg_dolibarr__claim_events', 'stg_suitecrm__claim_events']) }}

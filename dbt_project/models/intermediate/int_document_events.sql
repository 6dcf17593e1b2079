{{ conformed('document_events', ['stg_odoo__document_events', 'stg_tryton__document_events', 'stg_sage100__document_events', 'stg_dolibarr__document_events', 'stg_suitecrm__document_events']) }}

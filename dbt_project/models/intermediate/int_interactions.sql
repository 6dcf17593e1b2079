{{ conformed('interactions', ['stg_salesforce__interactions', 'stg_sheets__interactions', 'stg_dolibarr__interactions', 'stg_suitecrm__interactions']) }}

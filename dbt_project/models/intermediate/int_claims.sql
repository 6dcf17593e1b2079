{{ conformed('claims', ['stg_salesforce__claims', 'stg_hubspot__claims', 'stg_tryton__claims']) }}

{{ conformed('claim_events', ['stg_salesforce__claim_events', 'stg_hubspot__claim_events', 'stg_tryton__claim_events']) }}

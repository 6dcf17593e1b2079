{{ conformed('claim_events', ['stg_salesforce__claim_events']) }}

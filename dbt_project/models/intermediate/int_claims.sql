{{ conformed('claims', ['stg_salesforce__claims']) }}

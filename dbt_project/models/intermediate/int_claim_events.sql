{{ conformed('claim_events') }}

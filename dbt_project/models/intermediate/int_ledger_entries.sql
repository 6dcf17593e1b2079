{{ conformed('ledger_entries') }}

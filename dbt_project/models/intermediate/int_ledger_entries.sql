{{ conformed('ledger_entries', ['stg_fec__ledger_entries']) }}

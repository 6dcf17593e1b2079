{{ conformed('ledger_entries', ['stg_fec__ledger_entries', 'stg_sage100__ledger_entries', 'stg_dolibarr__ledger_entries']) }}

{{ conformed('account_roles', ['stg_sheets__account_roles', 'stg_tryton__account_roles', 'stg_dolibarr__account_roles']) }}

{{ conformed('account_roles', ['stg_sheets__account_roles']) }}

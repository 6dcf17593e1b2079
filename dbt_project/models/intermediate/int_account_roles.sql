{{ conformed('account_roles') }}

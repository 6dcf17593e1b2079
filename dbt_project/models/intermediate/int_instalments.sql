{{ conformed('instalments') }}

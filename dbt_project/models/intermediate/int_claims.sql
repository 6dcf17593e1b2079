{{ conformed('claims') }}

{{ conformed('disputes') }}

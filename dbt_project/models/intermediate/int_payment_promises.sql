{{ conformed('payment_promises') }}

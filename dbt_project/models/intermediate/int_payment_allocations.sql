{{ conformed('payment_allocations') }}

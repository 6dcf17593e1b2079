{{ conformed('order_entry_errors') }}

{{ conformed('order_entry_errors', ['stg_sheets__order_entry_errors']) }}

{{ conformed('payment_promises', ['stg_sheets__payment_promises']) }}

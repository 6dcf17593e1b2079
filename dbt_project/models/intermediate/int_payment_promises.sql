{{ conformed('payment_promises', ['stg_odoo__payment_promises', 'stg_sheets__payment_promises']) }}

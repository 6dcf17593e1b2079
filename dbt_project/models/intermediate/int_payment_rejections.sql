{{ conformed('payment_rejections', ['stg_odoo__payment_rejections']) }}

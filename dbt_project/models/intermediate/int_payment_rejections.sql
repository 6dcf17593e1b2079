{{ conformed('payment_rejections', ['stg_odoo__payment_rejections', 'stg_tryton__payment_rejections', 'stg_sage100__payment_rejections', 'stg_dolibarr__payment_rejections']) }}

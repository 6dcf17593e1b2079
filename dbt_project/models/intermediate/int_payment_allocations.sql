{{ conformed('payment_allocations', ['stg_odoo__payment_allocations', 'stg_tryton__payment_allocations', 'stg_sage100__payment_allocations', 'stg_dolibarr__payment_allocations']) }}

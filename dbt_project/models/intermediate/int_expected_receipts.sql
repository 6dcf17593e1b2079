{{ conformed('expected_receipts', ['stg_odoo__expected_receipts', 'stg_tryton__expected_receipts', 'stg_sage100__expected_receipts', 'stg_dolibarr__expected_receipts']) }}

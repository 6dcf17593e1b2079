{{ conformed('expected_receipts', ['stg_odoo__expected_receipts']) }}

{{ conformed('document_lines', ['stg_odoo__document_lines_sales', 'stg_odoo__document_lines_transfers', 'stg_odoo__document_lines_invoices', 'stg_tryton__document_lines']) }}

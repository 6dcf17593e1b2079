{{ conformed('documents', ['stg_odoo__documents_sales', 'stg_odoo__documents_transfers', 'stg_odoo__documents_invoices', 'stg_tryton__documents', 'stg_sage100__documents']) }}

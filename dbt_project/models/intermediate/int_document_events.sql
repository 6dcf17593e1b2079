{{ conformed('document_events', ['stg_odoo__document_events']) }}

{{ conformed('einvoice_events', ['stg_odoo__einvoice_events']) }}

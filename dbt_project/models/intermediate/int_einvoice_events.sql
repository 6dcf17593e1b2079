{{ conformed('einvoice_events', ['stg_odoo__einvoice_events', 'stg_fatturapa__einvoice_events']) }}

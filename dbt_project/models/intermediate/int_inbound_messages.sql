{{ conformed('inbound_messages', ['stg_odoo__inbound_messages', 'stg_sheets__inbound_messages']) }}

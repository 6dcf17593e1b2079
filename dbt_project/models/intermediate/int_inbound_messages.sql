{{ conformed('inbound_messages', ['stg_odoo__inbound_messages']) }}

{{ conformed('exchange_rates', ['stg_odoo__exchange_rates']) }}

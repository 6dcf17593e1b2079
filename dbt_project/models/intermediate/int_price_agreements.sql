{{ conformed('price_agreements', ['stg_odoo__price_agreements']) }}

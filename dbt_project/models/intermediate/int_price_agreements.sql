{{ conformed('price_agreements', ['stg_odoo__price_agreements', 'stg_dolibarr__price_agreements']) }}

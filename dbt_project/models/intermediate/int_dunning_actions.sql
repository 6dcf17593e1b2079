{{ conformed('dunning_actions', ['stg_odoo__dunning_actions']) }}

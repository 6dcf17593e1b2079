{{ conformed('dunning_actions', ['stg_odoo__dunning_actions', 'stg_sheets__dunning_actions', 'stg_tryton__dunning_actions', 'stg_sage100__dunning_actions']) }}

{{ conformed('customers', ['stg_odoo__customers', 'stg_tryton__customers', 'stg_sage100__customers', 'stg_salesforce__customers', 'stg_hubspot__customers']) }}

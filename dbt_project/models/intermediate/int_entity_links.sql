{{ conformed('entity_links', ['stg_salesforce__entity_links', 'stg_suitecrm__entity_links', 'stg_hubspot__entity_links']) }}

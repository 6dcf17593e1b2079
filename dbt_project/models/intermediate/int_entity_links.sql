{{ conformed('entity_links') }}

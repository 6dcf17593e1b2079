-- One row per third party that is a customer, or that a document names as one.
with

versions as (
    select * from {{ ref('stg_dolibarr__customer_versions') }}
    where to_load is null
),

final as (
    select
        source_id,
        'dolibarr' as source_system,
        customer_id,
        company_id,
        customer_number,
        name,
        {{ key('source_id', 'societe', 'parent') }} as customer_group_id,
        customer_class,
        segment,
        country_code,
        postal_code,
        city,
        language_code,
        salesperson_id,
        {{ key('source_id', 'payment_term', 'payment_term') }} as payment_term_id,
        accounting_code,
        vat_number,
        registration_number,
        do_not_remind,
        is_active,
        created_at,
        custom_fields
    from versions
)

{{ conform('customers', lacks=['payer_customer_id', 'insolvent_since']) }}

-- One row per buyer, as the newest invoice to it says.
with

versions as (
    select
        *,
        row_number() over (partition by customer_id order by document_date desc, from_load desc) as position
    from {{ ref('stg_fatturapa__customer_versions') }}
),

final as (
    select
        source_id,
        'fatturapa' as source_system,
        customer_id,
        -- A person has no number that may stand on lists.
        case when customer_class <> 'consumer' then coalesce(vat_number, fiscal_code) end as customer_number,
        name,
        customer_class,
        country_code,
        postal_code,
        city,
        vat_number,
        fiscal_code as registration_number,
        false as do_not_remind,
        true as is_active
    from versions
    where position = 1
)

{{ conform('customers', lacks=[
    'company_id', 'customer_group_id', 'payer_customer_id', 'segment', 'language_code', 'salesperson_id', 'payment_term_id',
    'accounting_code', 'insolvent_since', 'created_at', 'custom_fields',
]) }}

-- One row per customer account.
with

versions as (
    select
        *,
        row_number() over (partition by customer_id order by from_load desc, cbmarq desc) as position
    from {{ ref('stg_sage100__customer_versions') }}
    where to_load is null
),

tags as (
    select * from {{ ref('customer_tag_map') }}
    where system = 'sage100'
),

final as (
    select
        versions.source_id,
        'sage100' as source_system,
        versions.customer_id,
        versions.company_id,
        versions.customer_number,
        versions.name,
        {{ key('versions.source_id', 'F_COMPTET', 'versions.group_number') }} as customer_group_id,
        {{ key('versions.source_id', 'F_COMPTET', 'coalesce(versions.payer_number, versions.customer_number)') }} as payer_customer_id,
        coalesce(tags.meaning, 'private') as customer_class,
        versions.segment,
        versions.country_code,
        versions.postal_code,
        versions.city,
        versions.language_code,
        versions.salesperson_id,
        {{ key('versions.source_id', 'F_MODELER', 'versions.term_number') }} as payment_term_id,
        versions.customer_number as accounting_code,
        versions.vat_number,
        versions.registration_number,
        versions.do_not_remind,
        versions.is_active,
        {{ utc_instant('cast(versions.created_on as timestamp)', 'versions.time_zone') }} as created_at,
        versions.custom_fields
    from versions
    left join tags
        on lower(versions.segment) = tags.tag and tags.meaning in ('public', 'consumer', 'intercompany')
    where versions.position = 1
)

{{ conform('customers', lacks=['insolvent_since']) }}

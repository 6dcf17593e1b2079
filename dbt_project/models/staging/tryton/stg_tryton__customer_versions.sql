-- One row per customer and version of the party that reached the warehouse: what its history is made of.
with

parties as (
    select * from {{ raw_versions('tryton', 'party_party') }}
),

customers as (
    select
        customer_id,
        segment,
        country_code
    from {{ ref('stg_tryton__customers') }}
)

select
    customers.customer_id,
    parties._from_load as from_load,
    coalesce(parties.name, parties.code) as name,
    customers.segment,
    customers.country_code,
    cast(null as {{ dbt.type_string() }}) as salesperson_id,
    coalesce(parties.active, true) as is_active
from parties
inner join customers
    on customers.customer_id = {{ key('parties.source_id', 'party.party', 'parties.id') }}

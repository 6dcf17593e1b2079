-- One row per article and version of it that reached the warehouse.
with

articles as (
    select
        *,
        trim(ar_ref) as product_code
    from {{ raw_versions('sage100', 'F_ARTICLE') }}
),

families as (
    select * from {{ raw('sage100', 'F_FAMILLE') }}
),

catalogues as (
    select * from {{ raw('sage100', 'F_CATALOGUE') }}
)

select
    articles.source_id,
    articles.cbmarq,
    articles._from_load as from_load,
    case when articles._to_load <= {{ known_load() }} then articles._to_load end as to_load,
    {{ key('articles.source_id', 'F_ARTICLE', 'articles.product_code') }} as product_id,
    articles.product_code,
    coalesce(nullif(trim(articles.ar_design), ''), articles.product_code) as name,
    coalesce(catalogues.cl_intitule, nullif(trim(articles.ar_stat01), '')) as product_range,
    coalesce(families.fa_intitule, articles.fa_codefamille) as product_family,
    -- A price that includes tax is none without it.
    case when coalesce(articles.ar_prixttc, 0) = 0 then articles.ar_prixven end as list_price_excl_tax,
    coalesce(nullif(articles.ar_coutstd, 0), nullif(articles.ar_prixach, 0)) as standard_cost,
    articles.ar_uniteven as unit_number,
    coalesce(articles.ar_suivistock, 2) as stock_method,
    coalesce(articles.ar_sommeil, 0) = 0 as is_active,
    articles.ar_datecreation as launched_on,
    articles.custom_fields
from articles
left join families
    on articles.source_id = families.source_id and articles.fa_codefamille = families.fa_codefamille
left join catalogues
    on articles.source_id = catalogues.source_id and nullif(articles.cl_no1, 0) = catalogues.cl_no

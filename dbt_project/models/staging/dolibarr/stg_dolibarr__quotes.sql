-- One row per quote.
{{ config(materialized='table') }}

with

quotes as (
    select * from {{ raw('dolibarr', 'llx_propal') }}
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

logged as (
    select
        source_id,
        document,
        min(case when code = 'PROPAL_SENTBYMAIL' then occurred_at end) as sent_at
    from {{ ref('stg_dolibarr__logged_events') }}
    where kind = 'propal'
    group by source_id, document
)

select
    quotes.source_id,
    quotes.rowid as quote,
    {{ key('quotes.source_id', 'propal', 'quotes.rowid') }} as document_id,
    companies.company_id,
    {{ dolibarr_currency('quotes', 'companies.currency_code') }} as currency_code,
    companies.currency_code as company_currency_code,
    quotes.ref,
    quotes.ref_client,
    quotes.fk_soc as third_party,
    quotes.fk_statut as state,
    quotes.fk_cond_reglement as payment_term,
    quotes.fk_mode_reglement as payment_mode,
    quotes.fk_input_reason as input_reason,
    quotes.fk_user_author as author,
    quotes.fk_user_valid as validator,
    coalesce(quotes.fk_user_signature, quotes.fk_user_cloture) as closer,
    coalesce(quotes.datep, cast(quotes.datec as date)) as quote_date,
    {{ utc_instant('quotes.datec', 'companies.time_zone') }} as entered_at,
    case when quotes.fk_statut <> 0 then {{ utc_instant('quotes.date_valid', 'companies.time_zone') }} end as validated_at,
    logged.sent_at,
    case
        when quotes.fk_statut not in (0, 1)
            then coalesce({{ utc_instant('coalesce(quotes.date_signature, quotes.date_cloture)', 'companies.time_zone') }}, quotes.tms)
    end as closed_at,
    cast(quotes.fin_validite as date) as valid_until,
    {{ dolibarr_amount('quotes', 'total_ht', 'companies.currency_code') }} as amount_excl_tax,
    {{ dolibarr_amount('quotes', 'total_ttc', 'companies.currency_code') }} as amount_incl_tax,
    quotes.total_ht as company_amount_excl_tax,
    quotes.total_ttc as company_amount_incl_tax
from quotes
inner join companies
    on companies.company_id = {{ key('quotes.source_id', 'entity', 'quotes.entity') }}
left join logged
    on quotes.source_id = logged.source_id and quotes.rowid = logged.document

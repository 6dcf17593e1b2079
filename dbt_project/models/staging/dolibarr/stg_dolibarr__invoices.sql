-- One row per invoice, deposit invoice and credit note, drafts included; a credit note's amounts are turned positive.
{{ config(materialized='table') }}

with

invoices as (
    select * from {{ raw('dolibarr', 'llx_facture') }}
),

companies as (
    select * from {{ ref('stg_dolibarr__companies') }}
),

logged as (
    select
        source_id,
        document,
        max(case when code = 'BILL_VALIDATE' then occurred_at end) as validated_at,
        max(case when code = 'BILL_PAYED' then occurred_at end) as paid_at,
        max(case when code in ('BILL_CANCEL', 'BILL_CANCELED') then occurred_at end) as abandoned_at,
        min(case when code = 'BILL_SENTBYMAIL' then occurred_at end) as sent_at
    from {{ ref('stg_dolibarr__logged_events') }}
    where kind = 'facture'
    group by source_id, document
),

last_payments as (
    select
        pieces.source_id,
        pieces.fk_facture,
        max(cast(payments.datep as date)) as paid_on
    from {{ raw('dolibarr', 'llx_paiement_facture') }} as pieces
    inner join {{ raw('dolibarr', 'llx_paiement') }} as payments
        on pieces.source_id = payments.source_id and pieces.fk_paiement = payments.rowid
    group by pieces.source_id, pieces.fk_facture
),

described as (
    select
        invoices.*,
        companies.company_id,
        companies.time_zone,
        companies.currency_code as company_currency_code,
        {{ dolibarr_currency('invoices', 'companies.currency_code') }} as currency_code,
        {{ dolibarr_amount('invoices', 'total_ht', 'companies.currency_code') }} as signed_amount_excl_tax,
        {{ dolibarr_amount('invoices', 'total_ttc', 'companies.currency_code') }} as signed_amount_incl_tax,
        case when invoices.type = 2 then -1 else 1 end as direction,
        {{ utc_instant('invoices.datec', 'companies.time_zone') }} as entered_at,
        {{ utc_instant('cast(invoices.date_valid as timestamp)', 'companies.time_zone') }} as validation_begins_at,
        {{ utc_instant('invoices.date_closing', 'companies.time_zone') }} as closing_at,
        {{ utc_instant('cast(last_payments.paid_on as timestamp)', 'companies.time_zone') }} as last_payment_at,
        logged.validated_at as logged_validated_at,
        coalesce(logged.paid_at, logged.abandoned_at) as logged_closed_at,
        logged.sent_at
    from invoices
    inner join companies
        on companies.company_id = {{ key('invoices.source_id', 'entity', 'invoices.entity') }}
    left join logged
        on invoices.source_id = logged.source_id and invoices.rowid = logged.document
    left join last_payments
        on invoices.source_id = last_payments.source_id and invoices.rowid = last_payments.fk_facture
)

select
    source_id,
    rowid as invoice,
    {{ key('source_id', 'facture', 'rowid') }} as document_id,
    company_id,
    time_zone,
    company_currency_code,
    currency_code,
    type,
    case type when 2 then 'credit_note' when 3 then 'deposit_invoice' when 4 then 'proforma' else 'invoice' end as document_type,
    direction,
    ref,
    ref_client,
    fk_soc as third_party,
    fk_statut as state,
    close_code,
    -- A replaced invoice stands for nothing any more; one that was abandoned otherwise was a sale that nobody paid.
    case
        when fk_statut = 3 and close_code = 'replaced' then '3:replaced'
        else cast(fk_statut as {{ dbt.type_string() }})
    end as map_status,
    fk_statut > 0 and not (fk_statut = 3 and coalesce(close_code, '') = 'replaced') and type <> 4 as is_owed,
    fk_facture_source as corrected_invoice,
    fk_cond_reglement as payment_term,
    fk_mode_reglement as payment_mode,
    fk_incoterms as incoterm,
    module_source,
    fk_user_author as author,
    fk_user_valid as validator,
    fk_user_closing as closer,
    coalesce(datef, cast(datec as date)) as invoice_date,
    coalesce(date_lim_reglement, datef, cast(datec as date)) as due_date,
    entered_at,
    -- The day of the validation is kept, its instant in the log alone.
    case
        when fk_statut > 0 then coalesce(logged_validated_at, greatest(validation_begins_at, entered_at), entered_at)
    end as validated_at,
    sent_at,
    case when fk_statut in (2, 3) then coalesce(closing_at, logged_closed_at, last_payment_at, tms) end as closed_at,
    direction * signed_amount_excl_tax as amount_excl_tax,
    direction * signed_amount_incl_tax as amount_incl_tax,
    direction * total_ht as company_amount_excl_tax,
    direction * total_ttc as company_amount_incl_tax
from described

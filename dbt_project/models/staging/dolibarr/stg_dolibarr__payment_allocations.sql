-- One row per piece of an instalment that money, a credit note, a deposit or an excess payment settled, and per remainder that
-- was given up when the invoice was closed.
with

invoices as (
    select * from {{ ref('stg_dolibarr__invoices') }}
),

pieces as (
    select * from {{ ref('stg_dolibarr__payment_pieces') }}
    where is_owed
),

discounts as (
    select
        discounts.source_id,
        discounts.rowid as discount,
        discounts.fk_facture as used_on,
        discounts.fk_facture_line as used_in_line,
        sources.invoice as source_invoice,
        sources.document_type as source_type,
        cast(discounts.datec as date) as given_on,
        sources.invoice_date as source_date,
        case
            when sources.currency_code <> sources.company_currency_code then coalesce(discounts.multicurrency_amount_ttc, discounts.amount_ttc)
            else discounts.amount_ttc
        end as amount,
        discounts.amount_ttc as company_amount
    from {{ raw('dolibarr', 'llx_societe_remise_except') }} as discounts
    inner join invoices as sources
        on discounts.source_id = sources.source_id and discounts.fk_facture_source = sources.invoice
),

-- Dolibarr does not say when a discount was used: it counts once both of its sides exist.
settled as (
    select
        source_id,
        'paiement_facture/' || cast(piece as {{ dbt.type_string() }}) as allocation,
        invoice,
        case when not is_undoing then payment end as payment,
        cast(null as bigint) as credit_invoice,
        'cash' as allocation_kind,
        greatest(paid_on, invoice_date) as effective_date,
        amount,
        company_amount
    from pieces
    where rejection is null

    union all

    -- A credit note, or a deposit that was paid, used on an invoice as a payment is.
    select
        discounts.source_id,
        'remise/' || cast(discounts.discount as {{ dbt.type_string() }}) as allocation,
        invoices.invoice,
        cast(null as bigint) as payment,
        case when discounts.source_type = 'credit_note' then discounts.source_invoice end as credit_invoice,
        case discounts.source_type when 'credit_note' then 'credit_note' when 'deposit_invoice' then 'deposit' else 'netting' end
            as allocation_kind,
        greatest(discounts.given_on, discounts.source_date, invoices.invoice_date) as effective_date,
        discounts.amount,
        discounts.company_amount
    from discounts
    inner join invoices
        on discounts.source_id = invoices.source_id and discounts.used_on = invoices.invoice and invoices.is_owed

    union all

    -- What had been paid in excess leaves the invoice that it was paid on.
    select
        discounts.source_id,
        'remise/' || cast(discounts.discount as {{ dbt.type_string() }}) || '/source' as allocation,
        discounts.source_invoice as invoice,
        cast(null as bigint) as payment,
        cast(null as bigint) as credit_invoice,
        'netting' as allocation_kind,
        greatest(discounts.given_on, discounts.source_date, invoices.invoice_date) as effective_date,
        -discounts.amount as amount,
        -discounts.company_amount as company_amount
    from discounts
    inner join invoices
        on discounts.source_id = invoices.source_id and discounts.used_on = invoices.invoice and invoices.is_owed
    where discounts.source_type = 'invoice'

    union all

    -- What became a line of another invoice, which is smaller for it, is owed no more; a deposit is not: it was paid.
    select
        discounts.source_id,
        'remise/' || cast(discounts.discount as {{ dbt.type_string() }}) || '/line' as allocation,
        discounts.source_invoice as invoice,
        cast(null as bigint) as payment,
        cast(null as bigint) as credit_invoice,
        'netting' as allocation_kind,
        greatest(discounts.given_on, discounts.source_date) as effective_date,
        case when discounts.source_type = 'credit_note' then discounts.amount else -discounts.amount end as amount,
        case when discounts.source_type = 'credit_note' then discounts.company_amount else -discounts.company_amount end as company_amount
    from discounts
    where discounts.used_in_line is not null and discounts.source_type <> 'deposit_invoice'
),

-- What is spoken for: settled and not bounced, or held as a discount that was not used yet.
accounted as (
    select source_id, invoice, amount, company_amount, effective_date from settled
    union all
    select source_id, invoice, amount, company_amount, paid_on from pieces
    where rejection is not null
    union all
    select source_id, credit_invoice, amount, company_amount, effective_date from settled
    where credit_invoice is not null
    union all
    select
        source_id,
        source_invoice,
        case when source_type = 'credit_note' then amount else -amount end,
        case when source_type = 'credit_note' then company_amount else -company_amount end,
        given_on
    from discounts
    where used_on is null and used_in_line is null and source_type <> 'deposit_invoice'
),

accounted_totals as (
    select
        source_id,
        invoice,
        sum(amount) as amount,
        sum(company_amount) as company_amount,
        max(effective_date) as last_on
    from accounted
    group by source_id, invoice
),

-- The rest of an invoice that was closed all the same, by the reason that was given; what was paid beyond it stays the customer's.
given_up as (
    select
        invoices.source_id,
        'facture/' || cast(invoices.invoice as {{ dbt.type_string() }}) || '/closed' as allocation,
        invoices.invoice,
        cast(null as bigint) as payment,
        cast(null as bigint) as credit_invoice,
        case invoices.close_code
            when 'discount_vat' then 'early_payment_discount'
            when 'bankcharge' then 'bank_fee'
            when 'withholdingtax' then 'withholding'
            else 'write_off'
        end as allocation_kind,
        greatest({{ local_date('invoices.closed_at', 'invoices.time_zone') }}, invoices.invoice_date, coalesce(accounted_totals.last_on, invoices.invoice_date))
            as effective_date,
        invoices.amount_incl_tax - coalesce(accounted_totals.amount, 0) as amount,
        invoices.company_amount_incl_tax - coalesce(accounted_totals.company_amount, 0) as company_amount
    from invoices
    left join accounted_totals
        on invoices.source_id = accounted_totals.source_id and invoices.invoice = accounted_totals.invoice
    where
        invoices.is_owed
        and invoices.state in (2, 3)
        and sign(invoices.amount_incl_tax) * (invoices.amount_incl_tax - coalesce(accounted_totals.amount, 0)) >= 0.005
),

allocations as (
    select * from settled
    union all
    select * from given_up
),

final as (
    select
        allocations.source_id,
        'dolibarr' as source_system,
        allocations.source_id || '/' || allocations.allocation as payment_allocation_id,
        invoices.company_id,
        invoices.document_id || '/1' as instalment_id,
        {{ key('allocations.source_id', 'paiement', 'allocations.payment') }} as payment_id,
        {{ key('allocations.source_id', 'facture', 'allocations.credit_invoice') }} || '/1' as credit_instalment_id,
        allocations.allocation_kind,
        allocations.effective_date,
        invoices.currency_code,
        allocations.amount,
        allocations.company_amount
    from allocations
    inner join invoices
        on allocations.source_id = invoices.source_id and allocations.invoice = invoices.invoice
)

{{ conform('payment_allocations') }}

-- One row per line of an invoice, deposit invoice or credit note, turned positive, with the order line that it invoices.
{{ config(materialized='table') }}

with

invoices as (
    select * from {{ ref('stg_dolibarr__invoices') }}
),

invoice_lines as (
    select * from {{ raw('dolibarr', 'llx_facturedet') }}
),

order_lines as (
    select * from {{ raw('dolibarr', 'llx_commandedet') }}
),

shipments as (
    select * from {{ ref('stg_dolibarr__shipments') }}
),

links as (
    select
        source_id,
        {{ dolibarr_kind('sourcetype') }} as origin_kind,
        fk_source as origin,
        fk_target as invoice
    from {{ raw('dolibarr', 'llx_element_element') }}
    where {{ dolibarr_kind('targettype') }} = 'facture'
),

-- An invoice names the orders or the shipments that it was made from, never the lines.
invoiced_orders as (
    select distinct
        links.source_id,
        links.invoice,
        coalesce(shipments.order_id, {{ key('links.source_id', 'commande', 'links.origin') }}) as order_id
    from links
    left join shipments
        on links.source_id = shipments.source_id and links.origin = shipments.shipment and links.origin_kind = 'expedition'
    where links.origin_kind = 'commande' or shipments.order_id is not null
),

-- The n-th line of a product, or of a text, stands for the n-th such line of the orders: that is how Dolibarr copies them.
numbered_order_lines as (
    select
        order_lines.source_id,
        order_lines.rowid,
        invoiced_orders.invoice,
        coalesce(cast(order_lines.fk_product as {{ dbt.type_string() }}), '=' || order_lines.description) as sold,
        row_number() over (
            partition by
                order_lines.source_id,
                invoiced_orders.invoice,
                coalesce(cast(order_lines.fk_product as {{ dbt.type_string() }}), '=' || order_lines.description)
            order by order_lines.fk_commande, order_lines.rang, order_lines.rowid
        ) as position
    from order_lines
    inner join invoiced_orders
        on {{ key('order_lines.source_id', 'commande', 'order_lines.fk_commande') }} = invoiced_orders.order_id
),

discounts as (
    select
        discounts.source_id,
        discounts.rowid,
        invoices.document_type = 'deposit_invoice' as is_deposit
    from {{ raw('dolibarr', 'llx_societe_remise_except') }} as discounts
    left join invoices
        on discounts.source_id = invoices.source_id and discounts.fk_facture_source = invoices.invoice
),

line_totals as (
    select source_id, fk_facture, sum(total_ht) as total_ht
    from invoice_lines
    group by source_id, fk_facture
),

described as (
    select
        invoice_lines.*,
        invoices.document_id,
        invoices.company_id,
        invoices.type,
        invoices.direction,
        invoices.currency_code <> invoices.company_currency_code as is_foreign,
        -- Lines of a situation tell all that was done so far, where its total is that since the situation before.
        {%- for column in ['total_ht', 'multicurrency_total_ht', 'total_ttc', 'multicurrency_total_ttc'] %}
        case
            when invoices.type = 5 and abs(line_totals.total_ht - invoices.company_amount_excl_tax) > 0.01
                then coalesce(previous.{{ column }}, 0)
            else 0
        end as {{ column }}_before,
        {%- endfor %}
        case
            -- So is what a credit note takes back of a deposit.
            when invoices.type = 3 or discounts.is_deposit or (invoices.type = 2 and corrected.document_type = 'deposit_invoice') then 'deposit'
            when discounts.rowid is not null then 'discount'
            when invoice_lines.special_code = 1 then 'freight'
            when invoice_lines.product_type = 1 then 'service'
            when invoice_lines.fk_product is null and invoice_lines.direction_of_price < 0 and invoices.direction = 1 then 'discount'
            else 'product'
        end as line_type,
        coalesce(cast(invoice_lines.fk_product as {{ dbt.type_string() }}), '=' || invoice_lines.description) as sold
    from (select *, sign(subprice) as direction_of_price from invoice_lines) as invoice_lines
    inner join invoices
        on invoice_lines.source_id = invoices.source_id and invoice_lines.fk_facture = invoices.invoice
    left join invoices as corrected
        on invoices.source_id = corrected.source_id and invoices.corrected_invoice = corrected.invoice
    inner join line_totals
        on invoice_lines.source_id = line_totals.source_id and invoice_lines.fk_facture = line_totals.fk_facture
    left join invoice_lines as previous
        on invoice_lines.source_id = previous.source_id and invoice_lines.fk_prev_id = previous.rowid
    left join discounts
        on invoice_lines.source_id = discounts.source_id and invoice_lines.fk_remise_except = discounts.rowid
    where coalesce(invoice_lines.product_type, 0) <> 9
),

numbered as (
    select
        *,
        row_number() over (partition by source_id, fk_facture, sold order by rang, rowid) as position
    from described
)

select
    numbered.source_id,
    numbered.rowid as line,
    numbered.document_id,
    numbered.company_id,
    numbered.rang,
    numbered.line_type,
    numbered.fk_product,
    numbered.description,
    numbered.fk_unit,
    -- A credit note takes back by a negative price, or by a negative quantity.
    case
        when numbered.type <> 2 then numbered.qty
        else abs(numbered.qty) * case when numbered.direction * numbered.total_ht < 0 then -1 else 1 end
    end as quantity,
    case when numbered.type = 2 then abs(numbered.price) else numbered.price end as unit_price,
    numbered.remise_percent,
    numbered.direction * numbered.amount as amount_excl_tax,
    numbered.direction * numbered.amount_incl_tax as amount_incl_tax,
    numbered.direction * (numbered.total_ht - numbered.total_ht_before) as company_amount_excl_tax,
    nullif(numbered.buy_price_ht, 0) as unit_cost,
    case when numbered.line_type in ('product', 'service', 'freight') then numbered_order_lines.rowid end as order_line
from (
    select
        *,
        case when is_foreign then multicurrency_subprice else subprice end as price,
        case when is_foreign then multicurrency_total_ht - multicurrency_total_ht_before else total_ht - total_ht_before end as amount,
        case when is_foreign then multicurrency_total_ttc - multicurrency_total_ttc_before else total_ttc - total_ttc_before end as amount_incl_tax
    from numbered
) as numbered
left join numbered_order_lines
    on
        numbered.source_id = numbered_order_lines.source_id
        and numbered.fk_facture = numbered_order_lines.invoice
        and numbered.sold = numbered_order_lines.sold
        and numbered.position = numbered_order_lines.position

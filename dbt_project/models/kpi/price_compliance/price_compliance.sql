-- One row per product line of an issued invoice: what was invoiced against what had been agreed,
-- and the payment term against the agreed one and the legal maximum.
with invoices as (
    select document_id, payment_term_id
    from {{ ref('fct_documents') }}
    where document_type = 'invoice' and is_issued
),

orders as (
    select order_line_id, order_date, ordered_quantity
    from {{ ref('fct_order_lines') }}
),

-- A price is agreed for the day and the quantity of the order, however late and in however many
-- parts it is invoiced.
lines as (
    select
        invoice_lines.invoice_line_id,
        invoice_lines.company_id,
        invoice_lines.document_id,
        invoice_lines.document_number,
        invoice_lines.invoice_date,
        invoice_lines.order_id,
        invoice_lines.sold_to_customer_id,
        invoice_lines.product_id,
        invoice_lines.salesperson_id,
        invoice_lines.channel,
        invoice_lines.currency_code,
        invoice_lines.unit_price_excl_tax,
        invoice_lines.discount_percent,
        invoice_lines.net_quantity,
        invoice_lines.net_amount_excl_tax,
        invoice_lines.company_net_amount_excl_tax,
        invoices.payment_term_id,
        companies.currency_code as company_currency_code,
        customers.customer_group_id,
        products.product_range,
        coalesce(orders.order_date, invoice_lines.invoice_date) as price_date,
        abs(coalesce(orders.ordered_quantity, invoice_lines.net_quantity)) as price_quantity,
        -- The line's own rate, as the two amounts that stand for each other: their quotient would be rounded.
        case
            when invoice_lines.currency_code = companies.currency_code then 1 else invoice_lines.company_net_amount_excl_tax
        end as rate_company_amount,
        case when invoice_lines.currency_code = companies.currency_code then 1 else invoice_lines.net_amount_excl_tax end as rate_amount
    from {{ ref('fct_invoice_lines') }} as invoice_lines
    inner join invoices on invoice_lines.document_id = invoices.document_id
    inner join {{ ref('dim_company') }} as companies on invoice_lines.company_id = companies.company_id
    inner join {{ ref('dim_customer') }} as customers on invoice_lines.sold_to_customer_id = customers.customer_id
    inner join {{ ref('dim_product') }} as products on invoice_lines.product_id = products.product_id
    left join orders on invoice_lines.order_line_id = orders.order_line_id
    where invoice_lines.line_type = 'product'
),

-- Whom and what an agreement covers, each as a rank and the key to look for.
agreements as (
    select
        *,
        case when customer_id is not null then 1 when customer_group_id is not null then 2 else 3 end as customer_scope,
        coalesce(customer_id, customer_group_id, 'all') as customer_key,
        case when product_id is not null then 1 when product_range is not null then 2 else 3 end as product_scope,
        coalesce(product_id, product_range, 'all') as product_key
    from {{ ref('fct_price_agreements') }}
),

-- By equal keys, one search per kind of agreement: any other join would compare all with all.
candidates as (
    {%- for customer_key in ['lines.sold_to_customer_id', 'lines.customer_group_id', "'all'"] %}
    {%- set customer_scope = loop.index %}
    {%- for product_key in ['lines.product_id', 'lines.product_range', "'all'"] %}
    select
        lines.invoice_line_id,
        agreements.price_agreement_id,
        agreements.customer_scope,
        agreements.product_scope,
        agreements.rank,
        agreements.minimum_quantity,
        agreements.valid_from
    from lines
    inner join agreements
        on
            {{ customer_key }} = agreements.customer_key
            and {{ product_key }} = agreements.product_key
            and (agreements.company_id is null or agreements.company_id = lines.company_id)
            -- A discount without a currency holds in all; a price without one is in the company's.
            and (
                agreements.currency_code = lines.currency_code
                or (
                    agreements.currency_code is null
                    and (agreements.unit_price_excl_tax is null or lines.currency_code = lines.company_currency_code)
                )
            )
            and agreements.minimum_quantity <= lines.price_quantity
            and {{ holds_on('agreements.valid_from', 'agreements.valid_to', 'lines.price_date') }}
    where agreements.customer_scope = {{ customer_scope }} and agreements.product_scope = {{ loop.index }}
    {{ 'union all' if not (loop.last and customer_scope == 3) }}
    {%- endfor %}
    {%- endfor %}
),

preferred as (
    select
        *,
        row_number() over (
            partition by invoice_line_id
            order by
                customer_scope asc,
                product_scope asc,
                rank asc,
                minimum_quantity desc,
                valid_from desc,
                price_agreement_id asc
        ) as preference
    from candidates
),

-- With an end in every row, so that the engine can join by key and range.
list_prices as (
    select product_id, list_price_excl_tax, valid_from, coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('dim_product_history') }}
),

agreed as (
    select
        lines.*,
        agreements.price_agreement_id,
        case agreements.customer_scope when 1 then 'customer' when 2 then 'customer_group' when 3 then 'all' end as agreement_customer_scope,
        case agreements.product_scope when 1 then 'product' when 2 then 'product_range' when 3 then 'all' end as agreement_product_scope,
        agreements.freight_excl_tax as agreed_freight,
        agreements.payment_term_id as agreed_payment_term_id,
        -- A net price stands as it is; a discount is taken off the list price of the day.
        coalesce(
            {{ money('agreements.unit_price_excl_tax') }},
            {{ apportioned(
                'list_prices.list_price_excl_tax',
                '(100 - agreements.discount_percent) * lines.rate_amount',
                '100 * lines.rate_company_amount'
            ) }}
        ) as agreed_unit_price_excl_tax
    from lines
    left join preferred on lines.invoice_line_id = preferred.invoice_line_id and preferred.preference = 1
    left join agreements on preferred.price_agreement_id = agreements.price_agreement_id
    left join list_prices
        on
            lines.product_id = list_prices.product_id
            and lines.price_date between list_prices.valid_from and list_prices.valid_to
),

-- Freight is agreed per order and invoiced on lines of its own: compared once, on the order's
-- first invoice line whose agreement says something about it.
freight as (
    select order_id, sum(company_net_amount_excl_tax) as invoiced_freight
    from {{ ref('fct_invoice_lines') }}
    where line_type = 'freight' and document_type = 'invoice' and is_issued
    group by order_id
),

freight_bearers as (
    select invoice_line_id
    from (
        select
            invoice_line_id,
            row_number() over (partition by order_id order by invoice_date, invoice_line_id) as position
        from agreed
        where order_id is not null and agreed_freight is not null
    ) as ranked
    where position = 1
),

terms as (
    select
        payment_term_id,
        days,
        legal_maximum_days,
        -- The longest that a payment may take: waiting for the end of a month adds up to 30 days.
        days + case when end_of_month_method = 'none' then 0 else 30 end as longest_days
    from {{ ref('int_payment_terms') }}
),

compared as (
    select
        agreed.*,
        {{ apportioned(
            'round(agreed.net_quantity * agreed.agreed_unit_price_excl_tax, 4)', 'agreed.rate_company_amount', 'agreed.rate_amount'
        ) }} as company_agreed_amount,
        case when freight_bearers.invoice_line_id is not null then {{ money('coalesce(freight.invoiced_freight, 0)') }} end as company_invoiced_freight,
        case
            when freight_bearers.invoice_line_id is not null
                then {{ apportioned('agreed.agreed_freight', 'agreed.rate_company_amount', 'agreed.rate_amount') }}
        end as company_agreed_freight,
        terms.days as payment_term_days,
        agreed_terms.days as agreed_payment_term_days,
        terms.legal_maximum_days,
        case
            when terms.payment_term_id is null then 'unknown'
            when terms.days > terms.legal_maximum_days then 'over_legal'
            when agreed_terms.payment_term_id is null then 'no_agreement'
            when terms.longest_days > agreed_terms.longest_days then 'over_agreed'
            when terms.longest_days < agreed_terms.longest_days then 'under_agreed'
            else 'compliant'
        end as term_verdict
    from agreed
    left join freight_bearers on agreed.invoice_line_id = freight_bearers.invoice_line_id
    left join freight on agreed.order_id = freight.order_id
    left join terms on agreed.payment_term_id = terms.payment_term_id
    left join terms as agreed_terms on agreed.agreed_payment_term_id = agreed_terms.payment_term_id
),

judged as (
    select
        *
        {%- for verdict, invoiced, agreed, unknown in [
            ('price_verdict', 'company_net_amount_excl_tax', 'company_agreed_amount', "'no_agreement'"),
            ('freight_verdict', 'company_invoiced_freight', 'company_agreed_freight', 'null'),
        ] %},
        case
            when {{ agreed }} is null then {{ unknown }}
            when
                abs({{ invoiced }} - {{ agreed }})
                <= greatest({{ var('price_tolerance_amount') }}, {{ var('price_tolerance_share') }} * abs({{ agreed }}))
                then 'compliant'
            when {{ invoiced }} > {{ agreed }} then 'overcharged'
            else 'undercharged'
        end as {{ verdict }}
        {%- endfor %}
    from compared
)

select
    invoice_line_id,
    company_id,
    document_id,
    document_number,
    invoice_date,
    order_id,
    sold_to_customer_id,
    product_id,
    salesperson_id,
    channel,
    price_date,
    {{ money('price_quantity') }} as price_quantity,
    price_agreement_id,
    agreement_customer_scope,
    agreement_product_scope,
    currency_code,
    unit_price_excl_tax,
    discount_percent,
    {{ apportioned('net_amount_excl_tax', '1', 'net_quantity') }} as net_unit_price_excl_tax,
    agreed_unit_price_excl_tax,
    net_quantity as quantity,
    company_currency_code,
    company_net_amount_excl_tax as company_amount_excl_tax,
    company_agreed_amount as company_agreed_amount_excl_tax,
    {{ money('company_net_amount_excl_tax - company_agreed_amount') }} as company_difference_excl_tax,
    company_invoiced_freight as company_freight_excl_tax,
    company_agreed_freight as company_agreed_freight_excl_tax,
    {{ money('company_invoiced_freight - company_agreed_freight') }} as company_freight_difference_excl_tax,
    payment_term_id,
    agreed_payment_term_id,
    payment_term_days,
    agreed_payment_term_days,
    legal_maximum_days,
    price_verdict,
    freight_verdict,
    term_verdict,
    case
        when term_verdict = 'over_legal' then 'term_over_legal'
        when price_verdict in ('overcharged', 'undercharged') then price_verdict
        when freight_verdict in ('overcharged', 'undercharged') then 'freight_' || freight_verdict
        when term_verdict in ('over_agreed', 'under_agreed') then 'term_' || term_verdict
        when 'compliant' in (price_verdict, freight_verdict, term_verdict) then 'compliant'
        -- Nothing could be compared.
        else 'no_agreement'
    end as verdict
from judged

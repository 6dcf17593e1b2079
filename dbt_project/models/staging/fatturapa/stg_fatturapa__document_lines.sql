-- One row per line of a document, and one per invoice for what only its VAT summary holds.
with

lines as (
    select * from {{ ref('stg_fatturapa__lines') }}
),

invoices as (
    select * from {{ ref('stg_fatturapa__invoices') }}
),

referred as (
    select
        invoices.document_id,
        related.riferimentonumerolinea as line_numbers,
        deposit.document_id is not null as is_deposit
    from invoices
    inner join {{ raw('fatturapa', 'DatiDocumentiCorrelati') }} as related
        on
            invoices.source_id = related.source_id
            and invoices.file = related.file
            and invoices.position = related.posizionefattura
            and related.elemento = 'DatiFattureCollegate'
    left join invoices as deposit
        on
            invoices.company_id = deposit.company_id
            and lower(related.iddocumento) = lower(deposit.number)
            and coalesce(related.data, deposit.document_date) = deposit.document_date
            and deposit.document_type = 'deposit_invoice'
),

-- Lines that take a deposit off: those that the reference to it names, or any below zero, discounts apart, where it names none.
deducting as (
    select distinct lines.line_id
    from lines
    inner join referred
        on
            lines.document_id = referred.document_id
            and referred.is_deposit
            and lines.amount < 0
            and (
                (referred.line_numbers is null and coalesce(lines.line_kind, '') not in ('SC', 'PR', 'AB'))
                or {{ fatturapa_names_line('referred.line_numbers', 'lines.line_number') }}
            )
    where lines.document_type = 'invoice'
),

-- Credit notes that refer to deposits alone take nothing back but those.
deposit_credits as (
    select referred.document_id
    from referred
    inner join invoices on referred.document_id = invoices.document_id
    where invoices.document_type = 'credit_note'
    group by referred.document_id
    having min(case when referred.is_deposit then 1 else 0 end) = 1
),

described as (
    select
        lines.*,
        case
            when lines.document_type = 'deposit_invoice' or deducting.line_id is not null then 'deposit'
            when deposit_credits.document_id is not null and lines.direction * lines.amount > 0 then 'deposit'
            when lines.document_type = 'invoice' and lines.amount < 0 and lower(lines.description) like '%acconto%' then 'deposit'
            when lines.line_kind in ('SC', 'PR', 'AB') then 'discount'
            when lines.line_kind = 'AC' then 'freight'
            when lines.quantity is null or lines.period_start is not null then 'service'
            else 'product'
        end as line_type,
        -- A line without a quantity is one of something.
        abs(coalesce(lines.quantity, 1)) as given_quantity,
        lines.direction * lines.amount as line_amount,
        round(lines.direction * lines.amount * lines.tax_rate * 0.01, 2) as line_tax,
        lines.document_type = 'invoice' and lines.status <> 'rejected' and lines.delivery_note_id is not null as is_delivered
    from lines
    left join deducting on lines.line_id = deducting.line_id
    left join deposit_credits on lines.document_id = deposit_credits.document_id
),

line_totals as (
    select
        document_id,
        sum(line_amount) as line_amount
    from described
    group by document_id
),

footers as (
    select
        invoices.*,
        invoices.document_type = 'deposit_invoice' or deposit_credits.document_id is not null as is_deposit,
        invoices.amount_excl_tax - coalesce(line_totals.line_amount, 0) as footer_amount
    from invoices
    left join line_totals on invoices.document_id = line_totals.document_id
    left join deposit_credits on invoices.document_id = deposit_credits.document_id
),

final as (
    select
        source_id,
        'fatturapa' as source_system,
        line_id as document_line_id,
        document_id,
        company_id,
        position as line_number,
        line_type,
        {{ key('source_id', 'CodiceArticolo', "nullif(product_code, '')") }} as product_id,
        description,
        given_quantity as quantity,
        unit,
        unit_price as unit_price_excl_tax,
        discount_percent,
        line_amount as amount_excl_tax,
        line_tax as amount_tax,
        line_amount + line_tax as amount_incl_tax,
        line_amount as company_amount_excl_tax,
        case when is_delivered then line_id || '/delivery' end as generated_from_line_id
    from described

    union all

    select
        source_id,
        'fatturapa' as source_system,
        line_id || '/delivery' as document_line_id,
        delivery_note_id as document_id,
        company_id,
        row_number() over (partition by delivery_note_id order by document_id, position) as line_number,
        line_type,
        {{ key('source_id', 'CodiceArticolo', "nullif(product_code, '')") }} as product_id,
        description,
        given_quantity as quantity,
        unit,
        unit_price as unit_price_excl_tax,
        discount_percent,
        line_amount as amount_excl_tax,
        line_tax as amount_tax,
        line_amount + line_tax as amount_incl_tax,
        line_amount as company_amount_excl_tax,
        cast(null as {{ dbt.type_string() }}) as generated_from_line_id
    from described
    where is_delivered

    union all

    -- The contribution to a pension fund, a discount on the whole document, a rounding.
    select
        source_id,
        'fatturapa' as source_system,
        document_id || '/DatiRiepilogo' as document_line_id,
        document_id,
        company_id,
        cast(null as bigint) as line_number,
        case
            when is_deposit then 'deposit'
            when footer_amount < 0 then 'discount'
            else 'service'
        end as line_type,
        cast(null as {{ dbt.type_string() }}) as product_id,
        pension_funds as description,
        1 as quantity,
        cast(null as {{ dbt.type_string() }}) as unit,
        footer_amount as unit_price_excl_tax,
        cast(null as decimal(18, 4)) as discount_percent,
        footer_amount as amount_excl_tax,
        cast(null as decimal(18, 4)) as amount_tax,
        cast(null as decimal(18, 4)) as amount_incl_tax,
        footer_amount as company_amount_excl_tax,
        cast(null as {{ dbt.type_string() }}) as generated_from_line_id
    from footers
    where footer_amount <> 0
)

{{ conform('document_lines', lacks=[
    'unit_cost', 'order_line_id', 'requested_date', 'first_confirmed_date', 'last_confirmed_date', 'cancelled_quantity',
    'cancelled_at', 'cancelled_by', 'cancellation_reason', 'picked_by_id', 'salesperson_id', 'site',
]) }}

-- One row per as-of date, company and product range that sold in the last two years: the last twelve months
-- against the twelve before, the change split into effects that add up to it exactly.
with

periods as (

    select
        as_of_date,
        {{ add_days('cast(' ~ dbt.dateadd('month', -12, 'as_of_date') ~ ' as date)', 1) }} as now_starts_on,
        {{ add_days('cast(' ~ dbt.dateadd('month', -24, 'as_of_date') ~ ' as date)', 1) }} as before_starts_on
    from (select {{ as_of_date() }} as as_of_date) as run

),

lines as (

    select
        lines.company_id,
        products.product_range,
        lines.product_id,
        coalesce(lines.unit, 'unknown') as unit,
        lines.currency_code,
        lines.invoice_date >= periods.now_starts_on as is_now,
        lines.net_quantity,
        lines.net_amount_excl_tax,
        lines.company_net_amount_excl_tax
    from {{ ref('fct_invoice_lines') }} as lines
    inner join periods on lines.invoice_date >= periods.before_starts_on
    inner join {{ ref('dim_product') }} as products on lines.product_id = products.product_id
    where lines.is_revenue

),

histories as (

    select company_id, min(invoice_date) as history_starts_on
    from {{ ref('fct_invoice_lines') }}
    where is_revenue
    group by company_id

),

companies as (

    select company_id, currency_code
    from {{ ref('dim_company') }}

),

momentum as (

    select
        statistics.company_id,
        statistics.member as product_range,
        statistics.slope_per_month,
        statistics.slope_p_value,
        statistics.slope_months,
        row_number() over (partition by statistics.company_id, statistics.member order by statistics.month_start desc) as recency
    from {{ ref('int_monthly_series_statistics') }} as statistics
    where statistics.measure = 'net_sales_excl_tax' and statistics.member <> 'all'

),

-- What one unit of each currency was worth before; a currency that is new has no exchange effect.
rates as (

    select
        company_id,
        currency_code,
        sum(case when not is_now then company_net_amount_excl_tax else 0 end) as company_amount_before,
        sum(case when not is_now then net_amount_excl_tax else 0 end) as amount_before
    from lines
    group by company_id, currency_code

),

-- Sales now as they would have been at the exchange rates of before.
by_currency as (

    select
        lines.company_id,
        lines.product_range,
        lines.product_id,
        lines.unit,
        count(*) as line_count,
        sum(case when lines.is_now then 1 else 0 end) as line_count_now,
        sum(case when lines.is_now then 0 else lines.net_quantity end) as quantity_before,
        sum(case when lines.is_now then lines.net_quantity else 0 end) as quantity_now,
        sum(case when lines.is_now then 0 else lines.company_net_amount_excl_tax end) as sales_before,
        sum(case when lines.is_now then lines.company_net_amount_excl_tax else 0 end) as sales_now,
        cast(
            sum(
                case
                    when not lines.is_now then 0
                    when lines.currency_code = companies.currency_code or rates.amount_before = 0
                        then cast(lines.company_net_amount_excl_tax as double)
                    else
                        cast(lines.net_amount_excl_tax as double)
                        * cast(rates.company_amount_before as double) / cast(rates.amount_before as double)
                end
            ) as double
        ) as sales_now_at_old_rates
    from lines
    inner join companies on lines.company_id = companies.company_id
    inner join rates on lines.company_id = rates.company_id and lines.currency_code = rates.currency_code
    group by lines.company_id, lines.product_range, lines.product_id, lines.unit

),

-- A product that was sold in both periods has a price to compare; the others came, went or were only credited.
products as (

    select
        *,
        case
            when quantity_before > 0 and quantity_now > 0 then 'continuing'
            when quantity_now > 0 then 'new'
            when quantity_before > 0 then 'discontinued'
            else 'credited'
        end as standing,
        case
            when quantity_before > 0 and quantity_now > 0
                then cast(quantity_now as double) * cast(sales_before as double) / cast(quantity_before as double)
        end as sales_now_at_old_prices
    from by_currency

),

-- Quantities add up within one unit only.
units as (

    select
        company_id,
        product_range,
        unit,
        sum(line_count) as line_count,
        sum(line_count_now) as line_count_now,
        count(distinct case when quantity_before > 0 then product_id end) as products_before,
        count(distinct case when quantity_now > 0 then product_id end) as products_now,
        sum(sales_before) as sales_before,
        sum(sales_now) as sales_now,
        sum(cast(sales_now as double) - sales_now_at_old_rates) as currency_effect,
        sum(case when standing = 'new' then sales_now_at_old_rates - cast(sales_before as double) else 0 end) as new_effect,
        sum(case when standing = 'discontinued' then sales_now_at_old_rates - cast(sales_before as double) else 0 end) as discontinued_effect,
        sum(case when standing = 'continuing' then cast(sales_before as double) else 0 end) as continuing_before,
        sum(case when standing = 'continuing' then sales_now_at_old_prices else 0 end) as continuing_at_old_prices,
        cast(sum(case when standing = 'continuing' then quantity_before else 0 end) as double) as continuing_quantity_before,
        cast(sum(case when standing = 'continuing' then quantity_now else 0 end) as double) as continuing_quantity_now
    from products
    group by company_id, product_range, unit

),

-- More pieces at the old average is volume; dearer or cheaper ones among them is mix.
volumes as (

    select
        *,
        case
            when continuing_quantity_before > 0
                then continuing_before * (continuing_quantity_now / continuing_quantity_before - 1)
            else 0
        end as volume_effect
    from units

),

effects as (

    select
        company_id,
        product_range,
        sum(line_count) as line_count,
        sum(line_count_now) as line_count_now,
        sum(products_before) as products_before,
        sum(products_now) as products_now,
        {{ money('sum(sales_before)') }} as sales_before,
        {{ money('sum(sales_now)') }} as sales_now,
        {{ money('round(sum(volume_effect), 4)') }} as volume_effect,
        {{ money('round(sum(continuing_at_old_prices - continuing_before - volume_effect), 4)') }} as mix_effect,
        {{ money('round(sum(new_effect), 4)') }} as new_effect,
        {{ money('round(sum(discontinued_effect), 4)') }} as discontinued_effect,
        {{ money('round(sum(currency_effect), 4)') }} as currency_effect
    from volumes
    group by company_id, product_range

),

judged as (

    select
        effects.*,
        periods.as_of_date,
        periods.now_starts_on,
        periods.before_starts_on,
        effects.sales_now - effects.sales_before as change,
        {{ ratio('effects.sales_now - effects.sales_before', 'effects.sales_before') }} as change_rate,
        histories.history_starts_on <= periods.before_starts_on as has_two_years,
        momentum.slope_per_month,
        momentum.slope_p_value,
        coalesce(momentum.slope_months, 0) as slope_months
    from effects
    cross join periods
    inner join histories on effects.company_id = histories.company_id
    left join momentum
        on
            effects.company_id = momentum.company_id
            and effects.product_range = momentum.product_range
            and momentum.recency = 1

)

select
    judged.as_of_date,
    judged.company_id,
    judged.product_range,
    companies.currency_code,
    judged.before_starts_on,
    judged.now_starts_on,
    judged.has_two_years,
    {{ money('judged.sales_before') }} as net_sales_before_excl_tax,
    {{ money('judged.sales_now') }} as net_sales_now_excl_tax,
    {{ money('judged.change') }} as change_excl_tax,
    judged.change_rate,
    -- Prices are what nothing else explains, price reductions included: so the effects add up to the last cent.
    {{ money('judged.change - judged.volume_effect - judged.mix_effect - judged.new_effect - judged.discontinued_effect - judged.currency_effect') }} as price_effect_excl_tax,
    judged.volume_effect as volume_effect_excl_tax,
    judged.mix_effect as mix_effect_excl_tax,
    judged.new_effect as new_effect_excl_tax,
    judged.discontinued_effect as discontinued_effect_excl_tax,
    judged.currency_effect as currency_effect_excl_tax,
    cast(judged.products_before as bigint) as products_before,
    cast(judged.products_now as bigint) as products_now,
    cast(judged.line_count - judged.line_count_now as bigint) as line_count_before,
    cast(judged.line_count_now as bigint) as line_count_now,
    {{ money('round(judged.slope_per_month, 4)') }} as slope_per_month_excl_tax,
    cast(judged.slope_p_value as decimal(18, 6)) as slope_p_value,
    cast(judged.slope_months as bigint) as slope_months,
    case
        when not judged.has_two_years or judged.slope_p_value is null or judged.line_count < {{ var('momentum_minimum_lines') }} then 'too_little'
        when judged.slope_p_value >= {{ var('momentum_p_value') }} then 'flat'
        when judged.slope_per_month > 0 and coalesce(judged.change_rate >= {{ var('momentum_minimum_change') }}, judged.change > 0) then 'growing'
        when judged.slope_per_month < 0 and judged.change_rate <= -1 * {{ var('momentum_minimum_change') }} then 'declining'
        else 'flat'
    end as momentum
from judged
inner join companies on judged.company_id = companies.company_id

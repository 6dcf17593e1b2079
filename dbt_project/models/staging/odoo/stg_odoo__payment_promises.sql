-- One row per date that a customer promised to pay an instalment on; another date is another promise.
with

instalments as (
    select *
    from {{ ref('stg_odoo__receivable_lines') }}
    where part = 'instalment'
),

versions as (
    select
        *,
        lag(expected_pay_date) over (partition by source_id, id order by _from_load) as date_before
    from {{ raw_versions('odoo', 'account_move_line') }}
    where expected_pay_date is not null
),

-- What is open when the promise is made is what is promised.
made as (
    select
        source_id,
        id as line_id,
        expected_pay_date as promised_date,
        amount_residual,
        cast(write_date as date) as made_on,
        row_number() over (
            partition by source_id, id, cast(write_date as date) order by _from_load desc
        ) as preference
    from versions
    where date_before is null or date_before <> expected_pay_date
),

final as (
    select
        made.source_id,
        'odoo' as source_system,
        {{ key('made.source_id', 'account.move.line', 'made.line_id') }}
        || '/promise/' || cast(made.made_on as {{ dbt.type_string() }}) as payment_promise_id,
        {{ key('made.source_id', 'res.company', 'instalments.company_id') }} as company_id,
        {{ key('made.source_id', 'res.partner', 'instalments.partner_id') }} as customer_id,
        {{ key('made.source_id', 'account.move.line', 'made.line_id') }} as instalment_id,
        made.promised_date,
        -- Residuals are in company currency.
        case
            when instalments.balance = instalments.amount_currency then made.amount_residual
            else instalments.amount_currency
        end as amount,
        made.made_on
    from made
    inner join instalments
        on made.source_id = instalments.source_id and made.line_id = instalments.line_id
    where made.preference = 1
)

{{ conform('payment_promises') }}

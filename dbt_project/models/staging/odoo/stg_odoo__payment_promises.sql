-- One row per date that a customer promised to pay an instalment on; another date is another promise.
with

instalments as (
    select *
    from {{ ref('stg_odoo__receivable_lines') }}
    where part = 'instalment'
),

companies as (
    select * from {{ ref('stg_odoo__companies') }}
),

versions as (
    select
        *,
        lag(expected_pay_date) over (partition by source_id, id order by _from_load) as date_before
    from {{ raw_versions('odoo', 'account_move_line') }}
    where expected_pay_date is not null
),

-- What is open when the promise is made is what is promised. The version that brings a promise may be written later, for
-- another reason, when the day has passed and the money has come.
made as (
    select
        versions.source_id,
        versions.id as line_id,
        instalments.company_id,
        instalments.partner_id,
        versions.expected_pay_date as promised_date,
        -- Residuals are in company currency.
        case
            when instalments.balance = instalments.amount_currency
                then coalesce(nullif(versions.amount_residual, 0), instalments.amount_currency)
            else instalments.amount_currency
        end as amount,
        least({{ local_date('versions.write_date', 'companies.time_zone') }}, versions.expected_pay_date) as made_on,
        versions._from_load
    from versions
    inner join instalments
        on versions.source_id = instalments.source_id and versions.id = instalments.line_id
    inner join companies
        on {{ key('instalments.source_id', 'res.company', 'instalments.company_id') }} = companies.company_id
    where versions.date_before is null or versions.date_before <> versions.expected_pay_date
),

-- Made twice on one day: the last one holds.
daily as (
    select
        *,
        row_number() over (partition by source_id, line_id, made_on order by _from_load desc) as preference
    from made
),

final as (
    select
        source_id,
        'odoo' as source_system,
        {{ key('source_id', 'account.move.line', 'line_id') }}
        || '/promise/' || cast(made_on as {{ dbt.type_string() }}) as payment_promise_id,
        {{ key('source_id', 'res.company', 'company_id') }} as company_id,
        {{ key('source_id', 'res.partner', 'partner_id') }} as customer_id,
        {{ key('source_id', 'account.move.line', 'line_id') }} as instalment_id,
        promised_date,
        amount,
        made_on
    from daily
    where preference = 1
)

{{ conform('payment_promises') }}

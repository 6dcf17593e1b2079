-- One row per piece of an instalment that a payment, a credit note, a write-off or an exchange difference settled.
-- Tryton letters lines in groups and does not say which settled which: within a group the oldest debit
-- takes the oldest credit. A payment made for an invoice settles it before the group is complete.
with

grouped as (
    select
        *,
        case
            when reconciliation is not null then 'reconciliation/' || cast(reconciliation as {{ dbt.type_string() }})
            else 'invoice/' || cast(coalesce(invoice_id, paid_invoice_id) as {{ dbt.type_string() }})
        end as match_group
    from {{ ref('stg_tryton__receivable_lines') }}
    where
        company_amount <> 0
        and (reconciliation is not null or invoice_id is not null or (part = 'payment' and paid_invoice_id is not null))
),

sides as (
    select
        *,
        case when company_amount > 0 then 1 else -1 end as side,
        sum(abs(company_amount)) over (
            partition by source_id, match_group, case when company_amount > 0 then 1 else -1 end
            order by coalesce(maturity_date, date), line_id
            rows between unbounded preceding and current row
        ) as filled_to
    from grouped
),

pairs as (
    select
        debits.source_id,
        debits.company,
        debits.line_id as debit_line_id,
        debits.part as debit_part,
        credits.line_id as credit_line_id,
        credits.part as credit_part,
        greatest(debits.date, credits.date) as effective_date,
        debits.part in ('instalment', 'other') as settles_debit,
        {{ money(
            'least(debits.filled_to, credits.filled_to)'
            ~ ' - greatest(debits.filled_to - abs(debits.company_amount), credits.filled_to - abs(credits.company_amount))'
        ) }} as company_amount,
        case when debits.part in ('instalment', 'other') then debits.currency_code else credits.currency_code end as currency_code,
        case when debits.part in ('instalment', 'other') then debits.amount else credits.amount end as instalment_amount,
        case when debits.part in ('instalment', 'other') then debits.company_amount else credits.company_amount end
            as instalment_company_amount
    from sides as debits
    inner join sides as credits
        on
            debits.source_id = credits.source_id
            and debits.match_group = credits.match_group
            and debits.side = 1
            and credits.side = -1
            and debits.filled_to > credits.filled_to - abs(credits.company_amount)
            and credits.filled_to > debits.filled_to - abs(debits.company_amount)
    where
        debits.part in ('instalment', 'other')
        and credits.part in ('instalment', 'other', 'payment', 'write_off', 'exchange_difference')
        or debits.part in ('payment', 'exchange_difference') and credits.part in ('instalment', 'other')
),

final as (
    select
        source_id,
        'tryton' as source_system,
        {{ key('source_id', 'account.move.line', 'debit_line_id') }}
        || '/' || cast(credit_line_id as {{ dbt.type_string() }}) as payment_allocation_id,
        {{ key('source_id', 'company.company', 'company') }} as company_id,
        {{ key('source_id', 'account.move.line', 'case when settles_debit then debit_line_id else credit_line_id end') }}
            as instalment_id,
        case
            when credit_part = 'payment' then {{ key('source_id', 'account.move.line', 'credit_line_id') }}
            when debit_part = 'payment' then {{ key('source_id', 'account.move.line', 'debit_line_id') }}
        end as payment_id,
        case
            when settles_debit and credit_part in ('instalment', 'other')
                then {{ key('source_id', 'account.move.line', 'credit_line_id') }}
        end as credit_instalment_id,
        case
            when credit_part = 'payment' or debit_part = 'payment' then 'cash'
            when credit_part = 'exchange_difference' or debit_part = 'exchange_difference' then 'exchange_difference'
            when credit_part = 'write_off' then 'write_off'
            when credit_part = 'instalment' then 'credit_note'
            else 'netting'
        end as allocation_kind,
        effective_date,
        currency_code,
        case
            when credit_part = 'exchange_difference' or debit_part = 'exchange_difference' then 0
            when instalment_amount = instalment_company_amount then company_amount
            else {{ money('round(company_amount * ' ~ ratio('instalment_amount', 'instalment_company_amount') ~ ', 2)') }}
        end as amount,
        company_amount
    from pairs
)

{{ conform('payment_allocations') }}

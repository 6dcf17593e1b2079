-- One row per piece of an instalment that money, a credit, a discount or an exchange difference settled.
with

matches as (
    select * from {{ raw('odoo', 'account_partial_reconcile') }}
),

receivable_lines as (
    select * from {{ ref('stg_odoo__receivable_lines') }}
),

payments as (
    select * from {{ ref('stg_odoo__customer_payments') }}
),

discount_terms as (
    select
        source_id,
        id
    from {{ raw('odoo', 'account_payment_term') }}
    where coalesce(early_discount, discount_percentage > 0)
),

invoices as (
    select
        source_id,
        id,
        invoice_payment_term_id
    from {{ ref('stg_odoo__invoices') }}
),

-- An entry that brings neither invoice nor money: a write-off when it books a loss, else a transfer.
losses as (
    select distinct
        entry_lines.source_id,
        entry_lines.move_id
    from {{ raw('odoo', 'account_move_line') }} as entry_lines
    inner join {{ raw('odoo', 'account_account') }} as accounts
        on entry_lines.source_id = accounts.source_id and entry_lines.account_id = accounts.id
    inner join
        (select distinct
            source_id,
            move_id
        from receivable_lines
        where part = 'other') as other_entries
        on entry_lines.source_id = other_entries.source_id and entry_lines.move_id = other_entries.move_id
    where accounts.account_type like 'expense%' or accounts.account_type like 'income%'
),

-- Both ends of a match; the instalment is the debit, or a credit note's that is paid back.
ends as (
    select
        matches.source_id,
        matches.id as match_id,
        matches.max_date,
        matches.company_id,
        matches.amount as company_amount,
        debits.line_id as debit_line_id,
        debits.part as debit_part,
        debits.currency_code as debit_currency_code,
        debits.invoice_id as debit_invoice_id,
        debits.payment_id as debit_payment_id,
        matches.debit_amount_currency,
        credits.line_id as credit_line_id,
        credits.part as credit_part,
        credits.currency_code as credit_currency_code,
        credits.invoice_id as credit_invoice_id,
        credits.payment_id as credit_payment_id,
        credits.move_id as credit_move_id,
        matches.credit_amount_currency
    from matches
    inner join receivable_lines as debits
        on matches.source_id = debits.source_id and matches.debit_move_id = debits.line_id
    inner join receivable_lines as credits
        on matches.source_id = credits.source_id and matches.credit_move_id = credits.line_id
),

settled as (
    select
        ends.*,
        debit_part in ('instalment', 'other') as settles_debit,
        case when debit_part in ('instalment', 'other') then debit_line_id else credit_line_id end
            as instalment_line_id,
        case when debit_part in ('instalment', 'other') then debit_invoice_id else credit_invoice_id end
            as invoice_id,
        case
            when debit_part in ('instalment', 'other') then debit_currency_code else credit_currency_code
        end as currency_code,
        case
            when debit_part in ('instalment', 'other') then debit_amount_currency else credit_amount_currency
        end as amount,
        case when debit_part in ('instalment', 'other') then credit_part else debit_part end as other_part,
        case
            when debit_part in ('instalment', 'other') and credit_part = 'payment'
                then coalesce(
                    {{ key('ends.source_id', 'account.payment', 'credit_payment_id') }},
                    {{ key('ends.source_id', 'account.move.line', 'credit_line_id') }}
                )
            when debit_part = 'payment'
                then coalesce(
                    {{ key('ends.source_id', 'account.payment', 'debit_payment_id') }},
                    {{ key('ends.source_id', 'account.move.line', 'debit_line_id') }}
                )
        end as payment_key
    from ends
    where
        (
            debit_part in ('instalment', 'other')
            and credit_part in ('instalment', 'other', 'payment', 'exchange_difference')
        )
        or (debit_part in ('payment', 'exchange_difference') and credit_part in ('instalment', 'other'))
),

-- What a payment wrote off is spread over the instalments it cleared, in their order, to the cent.
cumulated as (
    select
        settled.*,
        payments.cleared_amount,
        payments.written_off_amount,
        payments.company_cleared_amount,
        payments.company_written_off_amount,
        sum(settled.amount) over (
            partition by settled.source_id, settled.payment_key
            order by settled.match_id
            rows between unbounded preceding and current row
        ) as cleared_so_far,
        sum(settled.company_amount) over (
            partition by settled.source_id, settled.payment_key
            order by settled.match_id
            rows between unbounded preceding and current row
        ) as company_cleared_so_far
    from settled
    left join payments on settled.payment_key = payments.payment_key
),

shared as (
    select
        *,
        case
            when payment_key is null or written_off_amount = 0 then 0
            else
                {{ apportioned('written_off_amount', 'cleared_so_far', 'cleared_amount', decimals=2) }}
                - {{ apportioned('written_off_amount', 'cleared_so_far - amount', 'cleared_amount', decimals=2) }}
        end as written_off,
        case
            when payment_key is null or company_written_off_amount = 0 then 0
            else
                {{ apportioned('company_written_off_amount', 'company_cleared_so_far', 'company_cleared_amount', decimals=2) }}
                - {{ apportioned('company_written_off_amount', 'company_cleared_so_far - company_amount', 'company_cleared_amount', decimals=2) }}
        end as company_written_off
    from cumulated
),

pieces as (
    select
        shared.source_id,
        {{ key(
            'shared.source_id', 'account.partial.reconcile',
            'shared.match_id'
        ) }} as payment_allocation_id,
        shared.company_id,
        shared.instalment_line_id,
        shared.payment_key,
        case
            when shared.other_part in ('instalment', 'other') then shared.credit_line_id
        end as credit_line_id,
        case
            when shared.payment_key is not null then 'cash'
            when shared.other_part = 'exchange_difference' then 'exchange_difference'
            when shared.other_part = 'instalment' then 'credit_note'
            when losses.move_id is not null then 'write_off'
            else 'netting'
        end as allocation_kind,
        shared.max_date,
        shared.currency_code,
        case
            when shared.other_part = 'exchange_difference' then 0 else shared.amount - shared.written_off
        end as amount,
        shared.company_amount - shared.company_written_off as company_amount
    from shared
    left join losses
        on shared.source_id = losses.source_id and shared.credit_move_id = losses.move_id

    union all

    select
        shared.source_id,
        {{ key('shared.source_id', 'account.partial.reconcile', 'shared.match_id') }}
        || '/written_off' as payment_allocation_id,
        shared.company_id,
        shared.instalment_line_id,
        shared.payment_key,
        cast(null as bigint) as credit_line_id,
        case when discount_terms.id is not null then 'early_payment_discount' else 'write_off' end
            as allocation_kind,
        shared.max_date,
        shared.currency_code,
        shared.written_off as amount,
        shared.company_written_off as company_amount
    from shared
    left join invoices
        on shared.source_id = invoices.source_id and shared.invoice_id = invoices.id
    left join discount_terms
        on
            invoices.source_id = discount_terms.source_id
            and invoices.invoice_payment_term_id = discount_terms.id
    where shared.written_off <> 0 or shared.company_written_off <> 0
),

final as (
    select
        source_id,
        'odoo' as source_system,
        payment_allocation_id,
        {{ key('source_id', 'res.company', 'company_id') }} as company_id,
        {{ key('source_id', 'account.move.line', 'instalment_line_id') }} as instalment_id,
        payment_key as payment_id,
        {{ key('source_id', 'account.move.line', 'credit_line_id') }} as credit_instalment_id,
        allocation_kind,
        max_date as effective_date,
        currency_code,
        amount,
        company_amount
    from pieces
)

{{ conform('payment_allocations') }}

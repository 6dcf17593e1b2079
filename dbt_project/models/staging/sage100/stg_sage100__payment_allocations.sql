-- One row per piece of an instalment that a payment, or a credit note taken off with it, settled.
with

matched as (
    select * from {{ ref('stg_sage100__matched_amounts') }}
    where is_owed and amount > 0
),

payments as (
    select * from {{ raw('sage100', 'F_CREGLEMENT') }}
    where rg_type = 0
),

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

-- One payment settles invoices and credit notes at once: what it brings in is the difference. Laid end to
-- end, the credit notes settle the first part of the invoices, the money the rest.
laid_out as (
    select
        matched.*,
        payments.rg_date,
        max(case when matched.is_credit_note then 0 else 1 end) over (partition by matched.source_id, matched.rg_no) = 1
            as settles_invoices,
        sum(matched.amount) over (
            partition by matched.source_id, matched.rg_no, matched.is_credit_note order by matched.dr_no
        ) as ends_at
    from matched
    inner join payments
        on matched.source_id = payments.source_id and matched.rg_no = payments.rg_no
),

credits as (
    select
        *,
        ends_at - amount as begins_at
    from laid_out
    where is_credit_note
),

invoices as (
    select
        *,
        ends_at - amount as begins_at
    from laid_out
    where not is_credit_note
),

credited as (
    select
        source_id,
        rg_no,
        max(ends_at) as total
    from credits
    group by source_id, rg_no
),

pieces as (
    select
        invoices.source_id,
        invoices.match_id,
        cast(credits.match_id as {{ dbt.type_string() }}) as part,
        invoices.rg_no,
        invoices.instalment_id,
        credits.instalment_id as credit_instalment_id,
        'credit_note' as allocation_kind,
        greatest(invoices.rg_date, invoices.document_date, credits.document_date) as effective_date,
        least(invoices.ends_at, credits.ends_at) - greatest(invoices.begins_at, credits.begins_at) as amount
    from invoices
    inner join credits
        on
            invoices.source_id = credits.source_id
            and invoices.rg_no = credits.rg_no
            and invoices.begins_at < credits.ends_at
            and credits.begins_at < invoices.ends_at

    union all

    select
        invoices.source_id,
        invoices.match_id,
        'money' as part,
        invoices.rg_no,
        invoices.instalment_id,
        cast(null as {{ dbt.type_string() }}) as credit_instalment_id,
        'cash' as allocation_kind,
        greatest(invoices.rg_date, invoices.document_date) as effective_date,
        invoices.ends_at - greatest(invoices.begins_at, coalesce(credited.total, 0)) as amount
    from invoices
    left join credited
        on invoices.source_id = credited.source_id and invoices.rg_no = credited.rg_no
    where invoices.ends_at > coalesce(credited.total, 0)

    union all

    -- A credit note that was paid back.
    select
        source_id,
        match_id,
        'money' as part,
        rg_no,
        instalment_id,
        cast(null as {{ dbt.type_string() }}) as credit_instalment_id,
        'cash' as allocation_kind,
        greatest(rg_date, document_date) as effective_date,
        amount
    from credits
    where not settles_invoices
),

final as (
    select
        pieces.source_id,
        'sage100' as source_system,
        {{ key('pieces.source_id', 'F_REGLECH', 'pieces.match_id') }} || '/' || pieces.part as payment_allocation_id,
        companies.company_id,
        pieces.instalment_id,
        case when pieces.allocation_kind = 'cash' then {{ key('pieces.source_id', 'F_CREGLEMENT', 'pieces.rg_no') }} end
            as payment_id,
        pieces.credit_instalment_id,
        pieces.allocation_kind,
        pieces.effective_date,
        companies.currency_code,
        pieces.amount,
        pieces.amount as company_amount
    from pieces
    inner join companies on pieces.source_id = companies.source_id
)

{{ conform('payment_allocations') }}

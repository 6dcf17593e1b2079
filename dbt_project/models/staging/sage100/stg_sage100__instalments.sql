-- One row per instalment of an issued invoice or credit note.
with

rows_given as (
    select
        *,
        trim(do_piece) as piece
    from {{ raw('sage100', 'F_DOCREGL') }}
    where do_domaine = 0 and do_type in (6, 7)
),

documents as (
    select
        *,
        abs(coalesce(stated_incl_tax, lines_incl_tax)) as total_incl_tax,
        case when is_credit_note then -1 else 1 end as direction
    from {{ ref('stg_sage100__document_stages') }}
    where stage = 6 and status in ('invoiced', 'settled')
),

customers as (
    select
        source_id,
        ct_num,
        min(cg_numprinc) as account_code
    from {{ raw('sage100', 'F_COMPTET') }}
    where ct_type = 0
    group by source_id, ct_num
),

methods as (
    select
        method.source_id,
        method.cbindice,
        map.payment_method
    from {{ raw('sage100', 'P_REGLEMENT') }} as method
    inner join {{ ref('payment_method_map') }} as map
        on map.system = 'sage100' and lower(trim(method.r_intitule)) = map.source_method
),

-- One instalment of each document takes what the others leave: the one that Sage marks, else the last.
stated as (
    select
        documents.*,
        rows_given.dr_no,
        rows_given.n_reglement,
        coalesce(rows_given.dr_date, documents.document_date) as due_date,
        case
            when coalesce(rows_given.dr_montant, 0) <> 0 then abs(rows_given.dr_montant)
            when coalesce(rows_given.dr_pourcent, 0) <> 0
                then round(documents.total_incl_tax * rows_given.dr_pourcent * 0.01, 2)
            else 0
        end as stated_amount,
        row_number() over (
            partition by documents.document_id order by rows_given.dr_date, rows_given.dr_no
        ) as instalment_number,
        row_number() over (
            partition by documents.document_id
            order by coalesce(rows_given.dr_equil, 0) desc, rows_given.dr_date desc, rows_given.dr_no desc
        ) as balance_rank
    from documents
    left join rows_given
        on documents.source_id = rows_given.source_id and documents.piece = rows_given.piece
),

balanced as (
    select
        *,
        case
            when balance_rank > 1 then stated_amount
            else
                total_incl_tax - sum(case when balance_rank > 1 then stated_amount else 0 end) over (partition by document_id)
        end as amount
    from stated
),

final as (
    select
        balanced.source_id,
        'sage100' as source_system,
        -- An invoice without an instalment is due at once, in whole.
        coalesce({{ key('balanced.source_id', 'F_DOCREGL', 'balanced.dr_no') }}, balanced.document_id || '/instalment')
            as instalment_id,
        balanced.document_id,
        balanced.company_id,
        {{ key('balanced.source_id', 'F_COMPTET', 'coalesce(balanced.payer_number, balanced.customer_number)') }} as customer_id,
        balanced.instalment_number,
        balanced.document_date as issued_on,
        balanced.due_date,
        balanced.currency_code,
        {{ money('balanced.direction * balanced.amount') }} as amount_incl_tax,
        {{ money('balanced.direction * balanced.amount') }} as amount_to_pay,
        {{ money('balanced.direction * balanced.amount') }} as company_amount_to_pay,
        methods.payment_method,
        coalesce(balanced.account_code, customers.account_code) as account_code
    from balanced
    left join methods
        on balanced.source_id = methods.source_id and balanced.n_reglement = methods.cbindice
    left join customers
        on
            balanced.source_id = customers.source_id
            and coalesce(balanced.payer_number, balanced.customer_number) = customers.ct_num
)

{{ conform('instalments', lacks=['factored_on', 'factor_recourse']) }}

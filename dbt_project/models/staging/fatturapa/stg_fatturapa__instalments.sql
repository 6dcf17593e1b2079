-- One row per instalment of an invoice, deposit invoice or credit note that was issued.
with

invoices as (
    select
        *,
        case when document_type = 'credit_note' then -1 else 1 end as sign
    from {{ ref('stg_fatturapa__invoices') }}
    where status = 'invoiced'
),

stated as (
    select
        *,
        abs(importopagamento) as amount,
        sum(abs(importopagamento)) over (partition by source_id, file, posizionefattura) as total,
        row_number() over (partition by source_id, file, posizionefattura order by posizione desc) as place_from_last
    from {{ raw('fatturapa', 'DettaglioPagamento') }}
    where importopagamento <> 0
),

methods as (
    select * from {{ ref('payment_method_map') }}
    where system = 'fatturapa'
),

shared as (
    select
        invoices.*,
        coalesce(stated.posizione, 1) as instalment_number,
        coalesce(stated.place_from_last, 1) as place_from_last,
        stated.modalitapagamento as method,
        coalesce(
            stated.datascadenzapagamento,
            {{ add_days('coalesce(stated.datariferimentoterminipagamento, invoices.document_date)', 'stated.giorniterminipagamento') }},
            invoices.document_date
        ) as due_date,
        {{ apportioned('invoices.amount_incl_tax', 'stated.amount', 'stated.total', 2) }} as share_incl_tax,
        case
            -- Some programs state the total although the customer keeps part of it; alternatives to choose from come to more.
            when abs(stated.total - invoices.amount_to_pay) > 0.05 and stated.total >= invoices.amount_incl_tax - 0.05
                then {{ apportioned('invoices.amount_to_pay', 'stated.amount', 'stated.total', 2) }}
            else stated.amount
        end as share_to_pay,
        coalesce(
            abs(stated.total - invoices.amount_to_pay) > 0.05 and stated.total < invoices.amount_incl_tax - 0.05, false
        ) as is_other_total
    from invoices
    left join stated
        on
            invoices.source_id = stated.source_id
            and invoices.file = stated.file
            and invoices.position = stated.posizionefattura
),

-- The last instalment takes what rounding leaves. Where another sum is asked for, a deposit paid at once say, it stays.
balanced as (
    select
        *,
        case
            when place_from_last > 1 then share_incl_tax
            else
                amount_incl_tax
                - coalesce(sum(case when place_from_last > 1 then share_incl_tax end) over (partition by document_id), 0)
        end as instalment_incl_tax,
        case
            when place_from_last > 1 or is_other_total then share_to_pay
            else
                amount_to_pay
                - coalesce(sum(case when place_from_last > 1 then share_to_pay end) over (partition by document_id), 0)
        end as instalment_to_pay
    from shared
),

final as (
    select
        balanced.source_id,
        'fatturapa' as source_system,
        {{ key('balanced.document_id', 'DettaglioPagamento', 'balanced.instalment_number') }} as instalment_id,
        balanced.document_id,
        balanced.company_id,
        balanced.customer_id,
        balanced.instalment_number,
        balanced.document_date as issued_on,
        balanced.due_date,
        balanced.currency_code,
        {{ money('balanced.sign * balanced.instalment_incl_tax') }} as amount_incl_tax,
        {{ money('balanced.sign * balanced.instalment_to_pay') }} as amount_to_pay,
        {{ money('balanced.sign * balanced.instalment_to_pay') }} as company_amount_to_pay,
        methods.payment_method
    from balanced
    left join methods on lower(balanced.method) = methods.source_method
)

{{ conform('instalments', lacks=['account_code', 'factored_on', 'factor_recourse']) }}

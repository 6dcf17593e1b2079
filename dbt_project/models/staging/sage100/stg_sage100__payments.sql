-- One row per payment received from a customer, or paid back.
with

payments as (
    select * from {{ raw('sage100', 'F_CREGLEMENT') }}
    where rg_type = 0 and ct_numpayeur is not null
),

matched as (
    select
        source_id,
        rg_no,
        max(is_deposit) as is_deposit,
        min(is_credit_note) as is_refund
    from {{ ref('stg_sage100__matched_amounts') }}
    group by source_id, rg_no
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

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

described as (
    select
        payments.*,
        companies.company_id,
        companies.currency_code,
        coalesce(methods.payment_method, 'unknown') as payment_method,
        coalesce(matched.is_deposit, false) as is_deposit,
        case when coalesce(matched.is_refund, false) then -abs(payments.rg_montant) else payments.rg_montant end as amount
    from payments
    inner join companies on payments.source_id = companies.source_id
    left join matched
        on payments.source_id = matched.source_id and payments.rg_no = matched.rg_no
    left join methods
        on payments.source_id = methods.source_id and payments.n_reglement = methods.cbindice
),

final as (
    select
        source_id,
        'sage100' as source_system,
        {{ key('source_id', 'F_CREGLEMENT', 'rg_no') }} as payment_id,
        company_id,
        {{ key('source_id', 'F_COMPTET', 'trim(ct_numpayeur)') }} as customer_id,
        coalesce(nullif(trim(rg_piece), ''), cast(rg_no as {{ dbt.type_string() }})) as payment_number,
        payment_method,
        rg_date as payment_date,
        case when payment_method in ('lcr', 'bor', 'riba') then rg_date end as issued_on,
        rg_dateechcont as maturity_date,
        currency_code,
        amount,
        amount as company_amount,
        is_deposit,
        nullif(trim(cg_num), '') as account_code
    from described
)

{{ conform('payments', lacks=[
    'remitted_on', 'discounted_on', 'cleared_on', 'value_date', 'written_off_amount', 'company_written_off_amount',
]) }}

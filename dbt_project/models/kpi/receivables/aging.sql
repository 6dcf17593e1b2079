-- One row per as-of date, company, customer, currency, account role and aging bucket: open receivables by
-- how late they are. All buckets of a role, those of unapplied cash and credits included, sum to what is open.
with

open_items as (

    select * from {{ ref('open_items') }}

)

select
    as_of_date,
    is_latest,
    company_id,
    customer_id,
    currency_code,
    account_role,
    aging_bucket,
    count(*) as item_count,
    {{ money('sum(open_amount)') }} as open_amount,
    {{ money('sum(company_open_amount)') }} as company_open_amount,
    {{ money('sum(disputed_amount)') }} as disputed_amount,
    max(days_late) as max_days_late
from open_items
group by 1, 2, 3, 4, 5, 6, 7

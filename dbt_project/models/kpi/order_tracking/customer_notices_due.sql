-- One row per open order line whose customer was told a date that it is no longer expected to meet.
select
    company_id,
    as_of_date,
    order_line_id,
    order_id,
    order_number,
    customer_reference,
    sold_to_customer_id,
    agent_id,
    team,
    product_id,
    quantity_to_deliver,
    currency_code,
    amount_to_deliver_excl_tax,
    last_told_date,
    coalesce(last_told_date, first_confirmed_date, requested_date) as date_known_to_customer,
    promised_date,
    expected_date,
    expected_date_rule,
    waits_for,
    {{ days_between('coalesce(last_told_date, first_confirmed_date, requested_date)', 'expected_date') }} as days_beyond,
    coalesce(last_told_date, first_confirmed_date, requested_date) < as_of_date as is_date_past
from {{ ref('order_tracking') }}
where is_notice_due

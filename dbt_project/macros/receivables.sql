{#
    Role of a ledger account on a day, as a CTE `account_roles_on`
    (company_id, account_code, on_date, account_role): the longest declared prefix wins.

    `relation` is a CTE with company_id and the two columns named; the model imports
    `int_account_roles` as `account_roles`, with company_id already resolved.
#}
{% macro account_roles_on(relation, account_column, date_column) -%}
account_days as (

    select distinct
        company_id,
        {{ account_column }} as account_code,
        {{ date_column }} as on_date
    from {{ relation }}
    where {{ account_column }} is not null

),

account_role_matches as (

    select
        account_days.company_id,
        account_days.account_code,
        account_days.on_date,
        account_roles.account_role,
        row_number() over (
            partition by account_days.company_id, account_days.account_code, account_days.on_date
            order by length(account_roles.account_prefix) desc, account_roles.valid_from desc
        ) as match_rank
    from account_days
    inner join account_roles
        on
            account_days.company_id = account_roles.company_id
            and substring(account_days.account_code, 1, length(account_roles.account_prefix))
            = account_roles.account_prefix
            and account_roles.valid_from <= account_days.on_date
            and (account_roles.valid_to is null or account_roles.valid_to >= account_days.on_date)

),

account_roles_on as (

    select company_id, account_code, on_date, account_role
    from account_role_matches
    where match_rank = 1

)
{%- endmacro %}

{# Roles whose balance the customer or the bank still owes us; their sum is the open receivables. #}
{% macro receivable_roles() -%}
    ('trade', 'bills_in_hand', 'bills_discounted', 'doubtful', 'factor')
{%- endmacro %}

{# Kinds of allocation that are money received; the others make the instalment smaller without it. #}
{% macro kinds_paid_with_money() -%}
    ('cash', 'deposit')
{%- endmacro %}

{# Kinds of allocation that use up the payment they name; what it wrote off is no part of its amount. #}
{% macro kinds_that_use_payments() -%}
    ('cash', 'deposit', 'netting')
{%- endmacro %}

{# The interval, both days included and its end empty while it lasts, covers the day. #}
{% macro holds_on(valid_from, valid_to, day) -%}
    ({{ valid_from }} <= {{ day }} and ({{ valid_to }} is null or {{ valid_to }} >= {{ day }}))
{%- endmacro %}

{# Days that an open item is late on a day; an item that is due that very day, a credit, or nothing open is not late: NULL. #}
{% macro days_late(due_date, day, open_amount) -%}
    case when {{ open_amount }} > 0 and {{ due_date }} < {{ day }} then {{ days_between(due_date, day) }} end
{%- endmacro %}

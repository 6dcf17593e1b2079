-- One row per line of an accounting entry dated on or before the run's as-of date, with what its account means.
with

account_roles as (

    select
        {{ resolved('company', 'roles.company_id') }} as company_id,
        roles.account_prefix,
        roles.account_role,
        roles.valid_from,
        roles.valid_to
    from {{ ref('int_account_roles') }} as roles

),

entries as (

    select
        source.*,
        coalesce({{ resolved('company', 'source.company_id') }}, 'unknown') as known_company_id,
        {{ resolved('customer', 'source.customer_id') }} as known_customer_id
    from {{ ref('int_ledger_entries') }} as source
    where source.entry_date <= {{ as_of_date() }}

),

accounts_used as (

    select known_company_id as company_id, account_code, entry_date from entries

),

{{ account_roles_on('accounts_used', 'account_code', 'entry_date') }},

-- Each yearly file opens with last year's balance: counted only where last year itself is not here.
first_movements as (

    select known_company_id, min(entry_date) as first_entry_date
    from entries
    where not coalesce(is_opening, false)
    group by 1

)

select
    entries.source_id,
    entries.source_system,
    entries.ledger_entry_id,
    entries.known_company_id as company_id,
    entries.journal_code,
    entries.entry_number,
    entries.line_number,
    entries.entry_date,
    entries.account_code,
    entries.account_name,
    coalesce(account_roles_on.account_role, 'other') as account_role,
    entries.auxiliary_code,
    entries.known_customer_id as customer_id,
    entries.document_reference,
    entries.document_date,
    entries.description,
    entries.debit,
    entries.credit,
    {{ money('entries.debit - entries.credit') }} as amount,
    entries.lettering_code,
    entries.lettered_on,
    entries.validated_on,
    entries.currency_code,
    entries.currency_amount,
    coalesce(entries.is_opening, false) as is_opening,
    not coalesce(entries.is_opening, false)
    or first_movements.first_entry_date is null
    or entries.entry_date <= first_movements.first_entry_date as counts_in_balance
from entries
left join account_roles_on
    on
        entries.known_company_id = account_roles_on.company_id
        and entries.account_code = account_roles_on.account_code
        and entries.entry_date = account_roles_on.on_date
left join first_movements on entries.known_company_id = first_movements.known_company_id

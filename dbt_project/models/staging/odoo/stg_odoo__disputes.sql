-- One row per period in which an instalment was marked as in litigation.
with

instalments as (
    select *
    from {{ ref('stg_odoo__receivable_lines') }}
    where part = 'instalment'
),

companies as (
    select * from {{ ref('stg_odoo__companies') }}
),

line_versions as (
    select * from {{ raw_versions('odoo', 'account_move_line') }}
),

invoice_versions as (
    select * from {{ raw_versions('odoo', 'account_move') }}
),

-- Older versions mark the instalment, newer ones the whole invoice.
marks as (
    select
        source_id,
        id as line_id,
        'line' as marked_on,
        coalesce(blocked, false) as is_marked,
        write_date,
        _from_load
    from line_versions
    where exists (
        select 1 from line_versions as marked
        where marked.blocked and marked.source_id = line_versions.source_id and marked.id = line_versions.id
    )

    union all

    select
        invoice_versions.source_id,
        instalments.line_id,
        'invoice' as marked_on,
        coalesce(invoice_versions.payment_state, '') = 'blocked' as is_marked,
        invoice_versions.write_date,
        invoice_versions._from_load
    from invoice_versions
    inner join instalments
        on invoice_versions.source_id = instalments.source_id and invoice_versions.id = instalments.move_id
    where exists (
        select 1 from invoice_versions as marked
        where
            marked.payment_state = 'blocked'
            and marked.source_id = invoice_versions.source_id
            and marked.id = invoice_versions.id
    )
),

compared as (
    select
        *,
        lag(is_marked) over (partition by source_id, line_id, marked_on order by _from_load) as was_marked
    from marks
),

changes as (
    select
        *,
        lead(write_date) over (partition by source_id, line_id, marked_on order by _from_load) as changed_back_at
    from compared
    where is_marked <> coalesce(was_marked, false)
),

dated as (
    select
        changes.*,
        instalments.company_id,
        instalments.partner_id,
        instalments.move_id,
        abs(instalments.amount_currency) as amount,
        {{ local_date('changes.write_date', 'companies.time_zone') }} as opened_on,
        {{ local_date('changes.changed_back_at', 'companies.time_zone') }} as closed_on
    from changes
    inner join instalments
        on changes.source_id = instalments.source_id and changes.line_id = instalments.line_id
    inner join companies
        on {{ key('instalments.source_id', 'res.company', 'instalments.company_id') }} = companies.company_id
    where changes.is_marked
),

-- Marked twice on one day: the last one holds.
daily as (
    select
        *,
        row_number() over (partition by source_id, line_id, opened_on order by _from_load desc, marked_on asc) as preference
    from dated
),

final as (
    select
        source_id,
        'odoo' as source_system,
        {{ key('source_id', 'account.move.line', 'line_id') }}
        || '/dispute/' || cast(opened_on as {{ dbt.type_string() }}) as dispute_id,
        {{ key('source_id', 'res.company', 'company_id') }} as company_id,
        {{ key('source_id', 'res.partner', 'partner_id') }} as customer_id,
        {{ key('source_id', 'account.move.line', 'line_id') }} as instalment_id,
        {{ key('source_id', 'account.move', 'move_id') }} as document_id,
        amount,
        'other' as reason,
        opened_on,
        closed_on
    from daily
    where preference = 1
)

{{ conform('disputes', lacks=['claim_id']) }}

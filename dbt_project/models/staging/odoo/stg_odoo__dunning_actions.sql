-- One row per reminder that was sent for an instalment.
with

lines as (
    select *
    from {{ raw('odoo', 'credit_control_line') }}
    where state in ('sent', 'done', 'email_error', 'queued')
),

levels as (
    select * from {{ raw('odoo', 'credit_control_policy_level') }}
),

partners as (
    select * from {{ raw('odoo', 'res_partner') }}
),

-- An invoice that the e-invoicing platform rejected after its reminder has no instalments any more.
instalments as (
    select source_id, line_id from {{ ref('stg_odoo__receivable_lines') }}
    where part in ('instalment', 'other')
),

final as (
    select
        lines.source_id,
        'odoo' as source_system,
        {{ key('lines.source_id', 'credit.control.line', 'lines.id') }} as dunning_action_id,
        {{ key('lines.source_id', 'res.company', 'lines.company_id') }} as company_id,
        {{ key(
            'lines.source_id', 'res.partner',
            'coalesce(partners.commercial_partner_id, lines.partner_id)'
        ) }} as customer_id,
        {{ key('lines.source_id', 'account.move.line', 'instalments.line_id') }} as instalment_id,
        coalesce(lines.date_sent, lines.date) as action_date,
        coalesce(levels.level, 1) as level,
        case lines.channel
            when 'letter' then 'letter'
            when 'phone' then 'telephone'
            when 'telephone' then 'telephone'
            when 'registered_letter' then 'registered_letter'
            when 'email' then 'email'
            else 'unknown'
        end as channel,
        case lines.state when 'email_error' then 'failed' else 'sent' end as result,
        lines.balance_due as amount
    from lines
    left join levels
        on lines.source_id = levels.source_id and lines.policy_level_id = levels.id
    left join partners
        on lines.source_id = partners.source_id and lines.partner_id = partners.id
    left join instalments
        on lines.source_id = instalments.source_id and lines.move_line_id = instalments.line_id
)

{{ conform('dunning_actions', lacks=['employee_id']) }}

-- One row per reminder and level it reached, from every version of it that was loaded: Tryton keeps the last only.
with

dunnings as (
    select
        *,
        row_number() over (partition by source_id, id, level order by _from_load) as position
    from {{ raw_versions('tryton', 'account_dunning') }}
    -- A draft has not been sent.
    where state <> 'draft'
),

levels as (
    select
        source_id,
        id,
        send_email,
        row_number() over (partition by source_id, procedure order by coalesce(sequence, 0), id) as level
    from {{ raw('tryton', 'account_dunning_level') }}
),

receivable_lines as (
    select * from {{ ref('stg_tryton__receivable_lines') }}
),

final as (
    select
        dunnings.source_id,
        'tryton' as source_system,
        {{ key('dunnings.source_id', 'account.dunning', 'dunnings.id') }}
        || '/' || cast(dunnings.level as {{ dbt.type_string() }}) as dunning_action_id,
        {{ key('dunnings.source_id', 'company.company', 'dunnings.company') }} as company_id,
        coalesce(
            {{ key('dunnings.source_id', 'party.party', 'receivable_lines.party') }},
            dunnings.source_id || '/party.party/unknown'
        ) as customer_id,
        {{ key('dunnings.source_id', 'account.move.line', 'dunnings.line') }} as instalment_id,
        coalesce(dunnings.date, cast(dunnings.changed_at as date)) as action_date,
        coalesce(levels.level, 1) as level,
        case when coalesce(levels.send_email, false) then 'email' else 'letter' end as channel,
        'sent' as result,
        receivable_lines.company_amount as amount
    from dunnings
    left join levels
        on dunnings.source_id = levels.source_id and dunnings.level = levels.id
    left join receivable_lines
        on dunnings.source_id = receivable_lines.source_id and dunnings.line = receivable_lines.line_id
    where dunnings.position = 1
)

{{ conform('dunning_actions', lacks=['employee_id']) }}

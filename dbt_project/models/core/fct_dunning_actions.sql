-- One row per reminder sent by the run's as-of date.
with

dunning_actions as (

    select * from {{ ref('int_dunning_actions') }} where action_date <= {{ as_of_date() }}

)

select
    dunning_actions.source_id,
    dunning_actions.source_system,
    dunning_actions.dunning_action_id,
    coalesce({{ resolved('company', 'dunning_actions.company_id') }}, 'unknown') as company_id,
    coalesce({{ resolved('customer', 'dunning_actions.customer_id') }}, 'unknown') as customer_id,
    {{ resolved('instalment', 'dunning_actions.instalment_id') }} as instalment_id,
    dunning_actions.action_date,
    dunning_actions.level,
    dunning_actions.channel,
    dunning_actions.result,
    coalesce({{ resolved('employee', 'dunning_actions.employee_id') }}, 'unknown') as employee_id,
    dunning_actions.amount
from dunning_actions

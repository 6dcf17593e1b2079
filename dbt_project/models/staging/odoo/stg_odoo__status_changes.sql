-- One row per change of a document's status, payment status or e-invoice status: read from
-- Odoo's own log, or found by comparing loads where the log is silent.
{{ config(materialized='table') }}

with

messages as (
    select * from {{ raw('odoo', 'mail_message') }}
),

tracked_values as (
    select * from {{ raw('odoo', 'mail_tracking_value') }}
),

fields as (
    select *
    from {{ raw('odoo', 'ir_model_fields') }}
    where name in ('state', 'payment_state', 'l10n_it_edi_state')
),

-- The log shows labels in the language of whoever acted, not the values behind them.
labels as (
    select * from {{ ref('odoo_selection_labels') }}
),

authors as (
    select
        source_id,
        partner_id,
        min(id) as user_id
    from {{ raw('odoo', 'res_users') }}
    group by source_id, partner_id
),

logged as (
    select
        messages.source_id,
        messages.model,
        messages.res_id,
        fields.name as field_name,
        cast(tracked_values.id as {{ dbt.type_string() }}) as change_id,
        messages.date as occurred_at,
        coalesce(authors.user_id, messages.create_uid) as user_id,
        coalesce(old_labels.value, nullif(tracked_values.old_value_char, '')) as from_value,
        coalesce(new_labels.value, nullif(tracked_values.new_value_char, '')) as to_value,
        'source' as origin
    from tracked_values
    inner join fields
        on tracked_values.source_id = fields.source_id and tracked_values.field_id = fields.id
    inner join messages
        on tracked_values.source_id = messages.source_id and tracked_values.mail_message_id = messages.id
    left join authors
        on messages.source_id = authors.source_id and messages.author_id = authors.partner_id
    left join labels as old_labels
        on
            fields.model = old_labels.model
            and fields.name = old_labels.field
            and tracked_values.old_value_char = old_labels.label
    left join labels as new_labels
        on
            fields.model = new_labels.model
            and fields.name = new_labels.field
            and tracked_values.new_value_char = new_labels.label
),

versions as (
    select
        source_id,
        'sale.order' as model,
        id as res_id,
        'state' as field_name,
        state as to_value,
        write_date,
        _from_load
    from {{ raw_versions('odoo', 'sale_order') }}

    union all

    select
        source_id,
        'stock.picking' as model,
        id as res_id,
        'state' as field_name,
        state as to_value,
        write_date,
        _from_load
    from {{ raw_versions('odoo', 'stock_picking') }}

    union all

    select
        source_id,
        'account.move' as model,
        id as res_id,
        'state' as field_name,
        state as to_value,
        write_date,
        _from_load
    from {{ raw_versions('odoo', 'account_move') }}
    where move_type in ('out_invoice', 'out_refund', 'out_receipt')

    union all

    select
        source_id,
        'account.move' as model,
        id as res_id,
        'l10n_it_edi_state' as field_name,
        l10n_it_edi_state as to_value,
        write_date,
        _from_load
    from {{ raw_versions('odoo', 'account_move') }}
    where move_type in ('out_invoice', 'out_refund', 'out_receipt') and l10n_it_edi_state is not null
),

compared as (
    select
        *,
        lag(to_value) over (
            partition by source_id, model, res_id, field_name order by _from_load
        ) as from_value
    from versions
),

silent as (
    select
        compared.source_id,
        compared.model,
        compared.res_id,
        compared.field_name,
        cast(compared._from_load as {{ dbt.type_string() }}) as change_id,
        compared.write_date as occurred_at,
        cast(null as bigint) as user_id,
        compared.from_value,
        compared.to_value,
        'derived' as origin
    from compared
    left join logged
        on
            compared.source_id = logged.source_id
            and compared.model = logged.model
            and compared.res_id = logged.res_id
            and compared.field_name = logged.field_name
            and compared.to_value = logged.to_value
    where compared.from_value <> compared.to_value and logged.res_id is null
)

select * from logged
union all
select * from silent

{#
    Every column of the contract that names a customer, product, employee, company, document or
    instalment, as (entity type, contract table, column).

    Members that a fact names and no source describes become inferred rows of their dimension;
    reference keys (`ref/customer/C0012`) are translated by int_identities.
#}
{% macro mentions() -%}
    {{ return([
        ('company', 'account_roles', 'company_id'),
        ('company', 'customers', 'company_id'),
        ('company', 'credit_limits', 'company_id'),
        ('company', 'price_agreements', 'company_id'),
        ('company', 'employees', 'company_id'),
        ('company', 'absences', 'company_id'),
        ('company', 'documents', 'company_id'),
        ('company', 'inbound_messages', 'company_id'),
        ('company', 'stock_levels', 'company_id'),
        ('company', 'expected_receipts', 'company_id'),
        ('company', 'instalments', 'company_id'),
        ('company', 'payments', 'company_id'),
        ('company', 'payment_promises', 'company_id'),
        ('company', 'disputes', 'company_id'),
        ('company', 'dunning_actions', 'company_id'),
        ('company', 'ledger_entries', 'company_id'),
        ('company', 'claims', 'company_id'),
        ('company', 'interactions', 'company_id'),
        ('company', 'survey_invitations', 'company_id'),
        ('company', 'survey_responses', 'company_id'),
        ('company', 'order_entry_errors', 'company_id'),
        ('company', 'kpi_targets', 'company_id'),
        ('customer', 'customers', 'customer_group_id'),
        ('customer', 'customers', 'payer_customer_id'),
        ('customer', 'credit_limits', 'customer_id'),
        ('customer', 'price_agreements', 'customer_id'),
        ('customer', 'price_agreements', 'customer_group_id'),
        ('customer', 'documents', 'sold_to_customer_id'),
        ('customer', 'documents', 'ship_to_customer_id'),
        ('customer', 'documents', 'payer_customer_id'),
        ('customer', 'inbound_messages', 'customer_id'),
        ('customer', 'instalments', 'customer_id'),
        ('customer', 'payments', 'customer_id'),
        ('customer', 'dunning_actions', 'customer_id'),
        ('customer', 'payment_promises', 'customer_id'),
        ('customer', 'disputes', 'customer_id'),
        ('customer', 'ledger_entries', 'customer_id'),
        ('customer', 'claims', 'customer_id'),
        ('customer', 'interactions', 'customer_id'),
        ('customer', 'survey_invitations', 'customer_id'),
        ('customer', 'survey_responses', 'customer_id'),
        ('product', 'price_agreements', 'product_id'),
        ('product', 'document_lines', 'product_id'),
        ('product', 'stock_levels', 'product_id'),
        ('product', 'expected_receipts', 'product_id'),
        ('product', 'claims', 'product_id'),
        ('employee', 'customers', 'salesperson_id'),
        ('employee', 'documents', 'agent_id'),
        ('employee', 'documents', 'salesperson_id'),
        ('employee', 'document_lines', 'picked_by_id'),
        ('employee', 'document_lines', 'salesperson_id'),
        ('employee', 'document_events', 'employee_id'),
        ('employee', 'absences', 'employee_id'),
        ('employee', 'dunning_actions', 'employee_id'),
        ('employee', 'claims', 'owner_id'),
        ('employee', 'claim_events', 'employee_id'),
        ('employee', 'interactions', 'employee_id'),
        ('employee', 'interactions', 'requester_id'),
        ('employee', 'survey_responses', 'employee_id'),
        ('document', 'documents', 'generated_from_document_id'),
        ('document', 'documents', 'corrects_document_id'),
        ('document', 'document_events', 'document_id'),
        ('document', 'inbound_messages', 'document_id'),
        ('document', 'einvoice_events', 'document_id'),
        ('document', 'disputes', 'document_id'),
        ('document', 'claims', 'document_id'),
        ('document', 'interactions', 'document_id'),
        ('document', 'order_entry_errors', 'document_id'),
        ('instalment', 'payment_promises', 'instalment_id'),
        ('instalment', 'disputes', 'instalment_id'),
        ('instalment', 'dunning_actions', 'instalment_id'),
        ('instalment', 'payment_rejections', 'instalment_id'),
    ]) }}
{%- endmacro %}

{#
    A key as core knows it: a reference key or a linked system's key becomes the leading
    system's key; what cannot be resolved stays visible as it is.

    `resolved` stands alone in a select and suits tables of some hundred thousand rows. Larger ones
    name the key by `known(column)` and bring it in by `join_known(entity_type, column)`: a plain
    join, where a subquery makes the engine keep all rows aside for each key.
#}
{% macro resolved(entity_type, column) -%}
    coalesce(
        (
            select max(identity.to_id)
            from {{ ref('int_identities') }} as identity
            where identity.entity_type = '{{ entity_type }}' and identity.from_id = {{ column }}
        ),
        {{ column }}
    )
{%- endmacro %}

{% macro known(column) -%}
    coalesce(known_{{ column | replace('.', '_') }}.to_id, {{ column }})
{%- endmacro %}

{% macro join_known(entity_type, column) -%}
    left join {{ ref('int_identities') }} as known_{{ column | replace('.', '_') }}
        on
            known_{{ column | replace('.', '_') }}.entity_type = '{{ entity_type }}'
            and {{ column }} = known_{{ column | replace('.', '_') }}.from_id
{%- endmacro %}

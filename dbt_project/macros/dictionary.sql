{#
    Where each KPI of the catalogue (seed `kpi_catalogue`) is taken from, for `kpi_daily`.

    - `mart`, `date`: the mart and its column of the day; `period` says what the day stands for: the
      flow of that `day`, of the `week` or `month` that begins with it, or the state `as_of` its end.
    - `numerator`, `denominator`, `n`: aggregates over the mart's rows, so that they add up over
      companies and dimensions. Without a denominator the value is the numerator.
    - `value`: only for what cannot be made of sums, such as a median; then the mart has one row per
      key and `where` picks its breakdown.
    - `dimensions`: columns by which the KPI is told beside the whole company.
#}
{% macro kpi_sources() -%}
    {{ return([
        {
            'kpi': 'orders_entered', 'mart': 'document_volume_daily', 'date': 'activity_date', 'period': 'day',
            'where': "document_kind = 'order'",
            'numerator': 'sum(created_documents)', 'n': 'sum(created_documents)', 'dimensions': ['channel', 'team'],
        },
        {
            'kpi': 'invoices_posted', 'mart': 'document_volume_daily', 'date': 'activity_date', 'period': 'day',
            'where': "document_kind = 'invoice'",
            'numerator': 'sum(validated_documents)', 'n': 'sum(validated_documents)', 'dimensions': ['team'],
        },
        {
            'kpi': 'order_book_to_deliver', 'mart': 'order_book_daily', 'date': 'as_of_date', 'period': 'as_of',
            'where': "book = 'to_deliver' and document_type = 'order'",
            'numerator': 'sum(closing_amount_excl_tax)', 'n': 'sum(closing_lines)',
            'dimensions': ['customer_segment', 'product_range', 'site'],
        },
        {
            'kpi': 'order_book_to_invoice', 'mart': 'order_book_daily', 'date': 'as_of_date', 'period': 'as_of',
            'where': "book = 'to_invoice' and document_type = 'order'",
            'numerator': 'sum(closing_amount_excl_tax)', 'n': 'sum(closing_lines)',
            'dimensions': ['customer_segment', 'product_range', 'site'],
        },
        {
            'kpi': 'order_book_past_due_share', 'mart': 'order_book_daily', 'date': 'as_of_date', 'period': 'as_of',
            'where': "book = 'to_deliver' and document_type = 'order'",
            'numerator': 'sum(past_due_amount_excl_tax)', 'denominator': 'sum(closing_amount_excl_tax)', 'n': 'sum(closing_lines)',
            'dimensions': ['customer_segment', 'product_range', 'site'],
        },
        {
            'kpi': 'open_receivables', 'mart': 'open_items', 'date': 'as_of_date', 'period': 'as_of',
            'where': 'account_role in ' ~ receivable_roles(),
            'numerator': 'sum(company_open_amount)', 'n': 'count(*)', 'dimensions': ['account_role'],
        },
        {
            'kpi': 'overdue_receivables', 'mart': 'open_items', 'date': 'as_of_date', 'period': 'as_of',
            'where': 'account_role in ' ~ receivable_roles(),
            'numerator': 'sum(company_overdue_amount)', 'n': 'count(*)', 'dimensions': ['account_role', 'aging_bucket'],
        },
        {
            'kpi': 'overdue_share', 'mart': 'open_items', 'date': 'as_of_date', 'period': 'as_of',
            'where': 'account_role in ' ~ receivable_roles(),
            'numerator': 'sum(company_overdue_amount)', 'denominator': 'sum(company_open_amount)', 'n': 'count(*)',
            'dimensions': ['account_role'],
        },
        {
            'kpi': 'open_claims', 'mart': 'claims_daily', 'date': 'date_day', 'period': 'as_of',
            'numerator': 'sum(closing_count)', 'n': 'sum(closing_count)', 'dimensions': ['claim_reason', 'channel'],
        },
        {
            'kpi': 'claim_resolution_days', 'mart': 'claims_daily', 'date': 'date_day', 'period': 'day',
            'numerator': 'sum(first_resolution_days)', 'denominator': 'sum(first_resolved_count)', 'n': 'sum(first_resolved_count)',
            'dimensions': ['claim_reason'],
        },
        {
            'kpi': 'processing_time_minutes', 'mart': 'processing_time_monthly', 'date': 'month_start', 'period': 'month',
            'where': "stage = 'order_processing' and breakdown = 'all'",
            'value': 'max(median_minutes)', 'numerator': 'sum(total_minutes)', 'denominator': 'sum(orders)', 'n': 'sum(orders)',
            'dimensions': [],
        },
        {
            'kpi': 'documents_in_hand', 'mart': 'document_backlog_daily', 'date': 'as_of_date', 'period': 'as_of',
            'numerator': 'sum(closing_documents)',
            'n': 'sum(closing_documents)', 'dimensions': ['document_kind'],
        },
        {
            'kpi': 'credited_amount', 'mart': 'credit_notes_monthly', 'date': 'month_start', 'period': 'month',
            'numerator': 'sum(credited_amount_excl_tax)',
            'n': 'sum(credit_notes)', 'dimensions': ['credit_note_reason'],
        },
        {
            'kpi': 'workload_load', 'mart': 'staffing_weekly', 'date': 'week_start', 'period': 'week',
            'where': "breakdown = 'team' and measure_kind = 'actual'",
            'numerator': 'sum(required_minutes)', 'denominator': 'sum(capacity_minutes)',
            'n': 'sum(agents)', 'dimensions': ['team'],
        },
        {
            'kpi': 'deadline_compliance', 'mart': 'deadline_compliance_monthly', 'date': 'month_start', 'period': 'month',
            'numerator': 'sum(met_items)', 'denominator': 'sum(due_items)',
            'n': 'sum(due_items)', 'dimensions': ['task', 'team'],
        },
        {
            'kpi': 'electronic_share', 'mart': 'digital_maturity_monthly', 'date': 'month_start', 'period': 'month',
            'where': "document_type = 'order'",
            'numerator': 'sum(case when is_electronic then counted_documents else 0 end)', 'denominator': 'sum(counted_documents)',
            'n': 'sum(counted_documents)', 'dimensions': ['team'],
        },
        {
            'kpi': 'touchless_rate', 'mart': 'digital_maturity_monthly', 'date': 'month_start', 'period': 'month',
            'where': "document_type = 'order'",
            'numerator': 'sum(touchless_orders)', 'denominator': 'sum(judged_orders)',
            'n': 'sum(judged_orders)', 'dimensions': ['channel', 'team'],
        },
        {
            'kpi': 'quote_conversion_rate', 'mart': 'quote_conversion_monthly', 'date': 'month_start', 'period': 'month',
            'numerator': 'sum(mature_quotes_won)', 'denominator': 'sum(mature_quotes)',
            'n': 'sum(mature_quotes)', 'dimensions': ['team', 'salesperson_id'],
        },
        {
            'kpi': 'order_book_coverage_days', 'mart': 'order_book_coverage_daily', 'date': 'as_of_date', 'period': 'as_of',
            'numerator': 'sum(closing_amount_excl_tax * working_days)', 'denominator': 'sum(shipped_amount_excl_tax)',
            'n': 'sum(working_days)', 'dimensions': ['site'],
        },
        {
            'kpi': 'late_order_lines_share', 'mart': 'order_tracking', 'date': 'as_of_date', 'period': 'as_of',
            'numerator': 'sum(case when days_late > 0 then 1 else 0 end)', 'denominator': 'count(*)',
            'n': 'count(*)', 'dimensions': ['stage', 'site'],
        },
        {
            'kpi': 'customer_notices_due', 'mart': 'customer_notices_due', 'date': 'as_of_date', 'period': 'as_of',
            'numerator': 'count(*)',
            'n': 'count(*)', 'dimensions': ['team'],
        },
        {
            'kpi': 'open_process_exceptions', 'mart': 'process_exceptions', 'date': 'as_of_date', 'period': 'as_of',
            'where': 'is_open',
            'numerator': 'count(*)',
            'n': 'count(*)', 'dimensions': ['rule', 'team'],
        },
        {
            'kpi': 'service_rate', 'mart': 'service_rate_monthly', 'date': 'month_start', 'period': 'month',
            'where': "date_reference = 'first_confirmed'",
            'numerator': 'sum(otif_lines)', 'denominator': 'sum(otif_lines + not_otif_lines)',
            'n': 'sum(otif_lines + not_otif_lines)', 'dimensions': ['customer_segment', 'product_range', 'site', 'carrier'],
        },
        {
            'kpi': 'on_time_rate', 'mart': 'service_rate_monthly', 'date': 'month_start', 'period': 'month',
            'where': "date_reference = 'first_confirmed'",
            'numerator': 'sum(on_time_lines)', 'denominator': 'sum(on_time_lines + not_on_time_lines)',
            'n': 'sum(on_time_lines + not_on_time_lines)', 'dimensions': ['customer_segment', 'product_range', 'site', 'carrier'],
        },
        {
            'kpi': 'fill_rate', 'mart': 'service_rate_monthly', 'date': 'month_start', 'period': 'month',
            'where': "date_reference = 'first_confirmed'",
            'numerator': 'sum(first_delivery_quantity)', 'denominator': 'sum(owed_quantity)',
            'n': 'sum(promised_lines)', 'dimensions': ['product_range', 'site'],
        },
        {
            'kpi': 'order_entry_error_rate', 'mart': 'order_entry_errors_monthly', 'date': 'month_start', 'period': 'month',
            'where': "error_type = 'all'",
            'numerator': 'sum(orders_with_confirmed_errors)', 'denominator': 'sum(entered_orders)',
            'n': 'sum(entered_orders)', 'dimensions': ['channel', 'team'],
        },
        {
            'kpi': 'overcharged_amount', 'mart': 'price_compliance', 'date': month_of('invoice_date'), 'period': 'month',
            'where': "price_verdict = 'overcharged'",
            'numerator': 'sum(company_difference_excl_tax)',
            'n': 'count(*)', 'dimensions': ['channel'],
        },
        {
            'kpi': 'net_promoter_score', 'mart': 'satisfaction_monthly', 'date': 'month_start', 'period': 'month',
            'where': "question = 'recommendation' and breakdown = 'all'",
            'value': 'max(net_promoter_score)',
            'numerator': 'sum(100 * (promoters - detractors))', 'denominator': 'sum(answers)',
            'n': 'sum(answers)', 'dimensions': [],
        },
        {
            'kpi': 'customer_satisfaction', 'mart': 'satisfaction_monthly', 'date': 'month_start', 'period': 'month',
            'where': "question = 'overall' and breakdown = 'all'",
            'value': 'max(customer_satisfaction)',
            'numerator': 'sum(top_answers)', 'denominator': 'sum(answers)',
            'n': 'sum(answers)', 'dimensions': [],
        },
        {
            'kpi': 'contacts_per_100_orders', 'mart': 'contacts_monthly', 'date': 'month_start', 'period': 'month',
            'where': "breakdown = 'all'",
            'numerator': 'sum(100 * contacts)', 'denominator': 'sum(entered_orders)',
            'n': 'sum(contacts)', 'dimensions': [],
        },
        {
            'kpi': 'order_status_contacts_share', 'mart': 'contacts_monthly', 'date': 'month_start', 'period': 'month',
            'where': "breakdown = 'all'",
            'numerator': 'sum(order_status_contacts)', 'denominator': 'sum(contacts)',
            'n': 'sum(contacts)', 'dimensions': [],
        },
        {
            'kpi': 'information_lookups', 'mart': 'information_lookups_monthly', 'date': 'month_start', 'period': 'month',
            'numerator': 'sum(lookups)',
            'n': 'sum(lookups)', 'dimensions': ['requester_team'],
        },
        {
            'kpi': 'claims_per_1000_lines', 'mart': 'claims_resolution_monthly', 'date': 'month_start', 'period': 'month',
            'where': "breakdown = 'all'",
            'numerator': 'sum(1000 * opened_claims)', 'denominator': 'sum(delivered_lines)',
            'n': 'sum(opened_claims)', 'dimensions': [],
        },
        {
            'kpi': 'dso', 'mart': 'dso_monthly', 'date': 'month_start', 'period': 'month',
            'where': "receivable_scope = 'with_bills_and_factored'",
            'numerator': 'sum(company_receivable_amount_incl_tax * window_days)', 'denominator': 'sum(company_window_sales_amount_incl_tax)',
            'n': 'sum(window_month_count)', 'dimensions': [],
        },
        {
            'kpi': 'dso_countback', 'mart': 'dso_monthly', 'date': 'month_start', 'period': 'month',
            'where': "receivable_scope = 'with_bills_and_factored'",
            'value': 'max(dso_countback_days)',
            'numerator': 'sum(company_receivable_amount_incl_tax)',
            'n': 'sum(countback_month_count)', 'dimensions': [],
        },
        {
            'kpi': 'collection_effectiveness', 'mart': 'dso_monthly', 'date': 'month_start', 'period': 'month',
            'where': "receivable_scope = 'with_bills_and_factored'",
            'numerator': 'sum(100 * company_collected_amount_incl_tax)', 'denominator': 'sum(company_collectable_amount_incl_tax)',
            'n': 'sum(window_month_count)', 'dimensions': [],
        },
        {
            'kpi': 'average_days_late_on_paid_items', 'mart': 'dso_monthly', 'date': 'month_start', 'period': 'month',
            'where': "receivable_scope = 'with_bills_and_factored'",
            'numerator': 'sum(company_paid_amount_days)', 'denominator': 'sum(company_paid_amount_incl_tax)',
            'n': 'sum(paid_piece_count)', 'dimensions': [],
        },
        {
            'kpi': 'exposure_over_internal_limit', 'mart': 'customer_exposure', 'date': 'as_of_date', 'period': 'as_of',
            'where': "exposure_level = 'customer'",
            'numerator': 'sum(company_internal_overrun_amount)',
            'n': 'sum(case when company_internal_overrun_amount > 0 then 1 else 0 end)', 'dimensions': [],
        },
        {
            'kpi': 'rejected_payments', 'mart': 'rejected_payments', 'date': 'rejected_on', 'period': 'day',
            'numerator': 'sum(company_amount)',
            'n': 'count(*)', 'dimensions': ['payment_method', 'reason'],
        },
        {
            'kpi': 'delivered_not_invoiced', 'mart': 'cut_off_monthly', 'date': 'month_start', 'period': 'month',
            'numerator': 'sum(company_delivered_not_invoiced_amount_excl_tax)',
            'n': 'sum(delivered_not_invoiced_line_count)', 'dimensions': [],
        },
        {
            'kpi': 'slipping_payers_share', 'mart': 'payment_behaviour', 'date': 'as_of_date', 'period': 'as_of',
            'where': 'is_slipping is not null',
            'numerator': 'sum(case when is_slipping then 1 else 0 end)', 'denominator': 'count(*)',
            'n': 'count(*)', 'dimensions': [],
        },
        {
            'kpi': 'reminder_cash_30_days_share', 'mart': 'dunning_effectiveness_monthly', 'date': 'month_start', 'period': 'month',
            'where': 'is_mature_30_days',
            'numerator': 'sum(company_cash_30_days_amount_incl_tax)', 'denominator': 'sum(company_reminded_amount_incl_tax)',
            'n': 'sum(reminder_count)', 'dimensions': ['dunning_level'],
        },
        {
            'kpi': 'net_sales', 'mart': 'top_sales_monthly', 'date': 'month_start', 'period': 'month',
            'where': "level = 'range'",
            'numerator': 'sum(net_sales_excl_tax)',
            'n': 'sum(line_count)', 'dimensions': ['member_id'],
        },
        {
            'kpi': 'margin_rate', 'mart': 'top_sales_monthly', 'date': 'month_start', 'period': 'month',
            'where': "level = 'range'",
            'numerator': 'sum(margin_excl_tax)', 'denominator': 'sum(costed_sales_excl_tax)',
            'n': 'sum(line_count)', 'dimensions': ['member_id'],
        },
        {
            'kpi': 'active_customers', 'mart': 'customer_activity', 'date': 'as_of_date', 'period': 'as_of',
            'where': "activity_status in ('regular', 'new', 'won_back')",
            'numerator': 'count(*)',
            'n': 'count(*)', 'dimensions': ['activity_status', 'segment'],
        },
        {
            'kpi': 'retention_rate', 'mart': 'customer_retention_monthly', 'date': 'month_start', 'period': 'month',
            'numerator': 'sum(retained_customers)', 'denominator': 'sum(opening_customers)',
            'n': 'sum(opening_customers)', 'dimensions': ['segment'],
        },
        {
            'kpi': 'sales_at_stake', 'mart': 'customer_activity', 'date': 'as_of_date', 'period': 'as_of',
            'where': 'sales_at_stake_excl_tax is not null',
            'numerator': 'sum(sales_at_stake_excl_tax)',
            'n': 'count(*)', 'dimensions': ['segment'],
        },
        {
            'kpi': 'order_lines_at_risk_of_shortage', 'mart': 'stock_coverage', 'date': 'as_of_date', 'period': 'as_of',
            'numerator': 'sum(lines_at_risk)',
            'n': 'sum(lines_at_risk)', 'dimensions': ['site', 'product_range'],
        },
    ]) }}
{%- endmacro %}

{# One KPI over the whole company, or by one of its dimensions, in the shape of `kpi_daily`. #}
{% macro kpi_rows(source, dimension=none) -%}
    {%- set denominator = source.get('denominator') -%}
    select
        '{{ source.kpi }}' as kpi,
        company_id,
        {{ source.date }} as date_day,
        '{{ source.period }}' as period,
        '{{ dimension or "all" }}' as dimension,
        {{ "coalesce(cast(" ~ dimension ~ " as " ~ dbt.type_string() ~ "), 'unknown')" if dimension else "'all'" }} as dimension_value,
        {{ money(source.numerator) }} as numerator,
        {{ money(denominator if denominator else 'null') }} as denominator,
        cast({{ source.n }} as bigint) as n,
        {% if 'value' in source -%}
        cast({{ source.value }} as decimal(18, 6))
        {%- elif denominator -%}
        {{ ratio(source.numerator, denominator) }}
        {%- else -%}
        cast({{ source.numerator }} as decimal(18, 6))
        {%- endif %} as kpi_value
    from {{ ref(source.mart) }}
    -- What nobody promised for a day, say, is a row of its mart and belongs to no day.
    where {{ source.date }} is not null{{ ' and ' ~ source.where if 'where' in source }}
    group by company_id, {{ source.date }}{{ ', ' ~ dimension if dimension }}
{%- endmacro %}

{# Every table that BI tools see, with its columns, from the descriptions beside the models. #}
{% macro published_tables() -%}
    {%- set tables = [] -%}
    {%- if execute and graph.nodes is defined -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema in ('core', 'kpi', 'meta') -%}
            {%- do tables.append(node) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables | sort(attribute='name')) }}
{%- endmacro %}

{# A text as a literal of SQL, its line breaks and runs of spaces made one space. #}
{% macro text_literal(text) -%}
    '{{ text.split() | join(" ") | replace("'", "''") }}'
{%- endmacro %}

{#
    A description of a table or column as readers see it: what is deprecated says since when, and
    what to use instead (`config.meta.deprecated`, see docs/bi/contract.md).
#}
{% macro told(described) -%}
    {%- set deprecated = (described.config.meta or {}).get('deprecated') -%}
    {%- if deprecated -%}
        Deprecated since {{ deprecated.since }}, use {{ deprecated.use }}. {{ described.description }}
    {%- else -%}
        {{ described.description }}
    {%- endif -%}
{%- endmacro %}

{#
    Where each KPI of the catalogue (seed `kpi_catalogue`) is taken from, for `kpi_daily`.

    - `mart`, `date`: the mart and its column of the day; `period` says what the day stands for: the
      flow of that `day`, of the `month` that begins with it, or the state `as_of` its end.
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
    {%- if 'where' in source %}
    where {{ source.where }}
    {%- endif %}
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

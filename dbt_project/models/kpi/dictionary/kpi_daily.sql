-- One row per KPI, company, day, dimension and value of the dimension: every KPI in one table, with its parts.
{%- for source in kpi_sources() %}
{{ 'union all' if not loop.first }}
{{ kpi_rows(source) }}
{%- for dimension in source.dimensions %}
union all
{{ kpi_rows(source, dimension) }}
{%- endfor %}
{%- endfor %}

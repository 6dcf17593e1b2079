{# Identifier behind a Tryton reference such as `stock.shipment.out,7`; NULL when it names another model. #}
{% macro tryton_id(reference, model) -%}
    case
        when {{ reference }} like '{{ model }},%'
            then cast({{ dbt.split_part(reference, "','", 2) }} as bigint)
    end
{%- endmacro %}

{#
    When a thing happened that Tryton dates by day: the instant of its record where that falls on the
    day, else the start of the day, which is all that is known. Without a day, the record's instant.
#}
{% macro stated_instant(day, recorded_at, time_zone) -%}
    case
        when {{ day }} is null or {{ local_date(recorded_at, time_zone) }} = {{ day }} then {{ recorded_at }}
        else {{ utc_instant('cast(' ~ day ~ ' as timestamp)', time_zone) }}
    end
{%- endmacro %}

{# When a record was entered; unknown when its business day was over by then: it was entered from paper. #}
{% macro entered_instant(day, recorded_at, time_zone) -%}
    case when {{ day }} is null or {{ local_date(recorded_at, time_zone) }} <= {{ day }} then {{ recorded_at }} end
{%- endmacro %}

{# A ratio of a foreign amount's rate to the company's, 1 where no rate is known or none is needed. #}
{% macro tryton_conversion(own, foreign) -%}
    coalesce(cast({{ own }} as double) / nullif(cast({{ foreign }} as double), 0), 1)
{%- endmacro %}

{# The business day of a record, else the day it was made. #}
{% macro stated_day(day, recorded_at) -%}
    coalesce({{ day }}, cast({{ recorded_at }} as date))
{%- endmacro %}

{# An amount in company currency; untouched where there is nothing to convert. #}
{% macro tryton_converted(amount, conversion) -%}
    case
        when {{ conversion }} = 1 then {{ amount }}
        else {{ money('round(' ~ amount ~ ' * ' ~ conversion ~ ', 4)') }}
    end
{%- endmacro %}

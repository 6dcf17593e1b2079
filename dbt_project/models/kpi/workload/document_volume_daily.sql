-- One row per company, day, document kind, channel and team on which a document was created,
-- validated, sent, closed or cancelled.
with documents as (
    select * from {{ ref('fct_documents') }}
),

-- The day on which each thing happened to each document; without the time of it, no day.
happenings as (
    {%- for activity, date in [
        ('created', 'created_date'),
        ('validated', 'validated_date'),
        ('sent', 'sent_date'),
        ('closed', 'coalesce(closed_date, shipped_date)'),
        ('cancelled', 'cancelled_date'),
    ] %}
    select
        company_id,
        {{ date }} as activity_date,
        document_kind,
        channel,
        team,
        '{{ activity }}' as activity,
        line_count,
        coalesce(company_amount_excl_tax, 0) as amount
    from documents
    where
        {{ date }} is not null
        and {{ date }} <= {{ as_of_date() }}
        {%- if activity == 'closed' %}
        -- Cancelled documents are counted as such, not as work done.
        and cancelled_date is null
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    happenings.company_id,
    happenings.activity_date,
    happenings.document_kind,
    happenings.channel,
    happenings.team,
    companies.currency_code,
    {%- for activity in ['created', 'validated', 'sent', 'closed', 'cancelled'] %}
    cast(sum(case when activity = '{{ activity }}' then 1 else 0 end) as bigint) as {{ activity }}_documents,
    {%- endfor %}
    cast(sum(case when activity = 'created' then line_count else 0 end) as bigint) as created_lines,
    cast(sum(case when activity = 'validated' then line_count else 0 end) as bigint) as validated_lines,
    {{ money("sum(case when activity = 'created' then amount else 0 end)") }} as created_amount_excl_tax,
    {{ money("sum(case when activity = 'validated' then amount else 0 end)") }} as validated_amount_excl_tax
from happenings
inner join {{ ref('dim_company') }} as companies on happenings.company_id = companies.company_id
group by
    happenings.company_id,
    happenings.activity_date,
    happenings.document_kind,
    happenings.channel,
    happenings.team,
    companies.currency_code

-- One row per publication that first knew it, measure, entity and business date: what was posted,
-- changed or withdrawn after days had been published that it belongs to.
--
-- Each publication adds how its postings differ from those of the one before it. So the figure
-- published for a day, plus what was added since and dated up to that day, is the figure that is
-- known today.
with publications as (
    select * from {{ published_days() }} as published
),

-- The last day published before this one: all days up to it were published without this run's news.
published_span as (
    select max(as_of_date) as published_through
    from publications
    where as_of_date < {{ as_of_date() }}
),

current_run as (
    select known_load, known_at
    from {{ source('control', 'current_run') }}
),

postings as (
    select postings.*
    from {{ ref('postings') }} as postings
    inner join published_span on postings.business_date <= published_span.published_through
),

published_postings as (
    select published.*
    from {{ published_postings() }} as published
    inner join published_span on published.business_date <= published_span.published_through
),

compared as (
    select
        measure,
        entity,
        entity_id,
        company_id,
        business_date,
        sum(case when is_now then amount end) as amount_now,
        sum(case when not is_now then amount end) as amount_before
    from (
        select measure, entity, entity_id, company_id, business_date, amount, true as is_now
        from postings
        union all
        select measure, entity, entity_id, company_id, business_date, amount, false
        from published_postings
    ) as both_publications
    group by measure, entity, entity_id, company_id, business_date
)

select
    company_id,
    measure,
    entity,
    entity_id,
    business_date,
    published_through,
    known_load,
    known_at,
    change,
    amount
from {{ published_differences() }} as earlier
union all
select
    compared.company_id,
    compared.measure,
    compared.entity,
    compared.entity_id,
    compared.business_date,
    published_span.published_through,
    current_run.known_load,
    current_run.known_at,
    case
        when compared.amount_before is null then 'posted'
        when compared.amount_now is null then 'withdrawn'
        else 'changed'
    end as change,
    {{ money('coalesce(compared.amount_now, 0) - coalesce(compared.amount_before, 0)') }} as amount
from compared
cross join published_span
cross join current_run
where coalesce(compared.amount_now, 0) <> coalesce(compared.amount_before, 0)

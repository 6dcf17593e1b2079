-- One row per accounting line and reminder level that it has reached.
with

versions as (
    select
        *,
        row_number() over (partition by source_id, ec_no, ec_rappel order by _from_load, cbmarq) as position
    from {{ raw_versions('sage100', 'F_ECRITUREC') }}
    where ec_rappel > 0 and nullif(trim(ct_num), '') is not null
),

instalments as (
    select
        source_id,
        ec_no,
        min(dr_no) as dr_no
    from {{ raw('sage100', 'F_DOCREGL') }}
    where do_domaine = 0 and do_type in (6, 7) and ec_no > 0
    group by source_id, ec_no
),

companies as (
    select * from {{ ref('stg_sage100__companies') }}
),

final as (
    select
        versions.source_id,
        'sage100' as source_system,
        {{ key('versions.source_id', 'F_ECRITUREC', 'versions.ec_no') }}
        || '/' || cast(versions.ec_rappel as {{ dbt.type_string() }}) as dunning_action_id,
        companies.company_id,
        {{ key('versions.source_id', 'F_COMPTET', 'trim(versions.ct_num)') }} as customer_id,
        {{ key('versions.source_id', 'F_DOCREGL', 'instalments.dr_no') }} as instalment_id,
        coalesce(versions.ec_daterelance, cast(versions.cbmodification as date)) as action_date,
        versions.ec_rappel as level,
        -- Sage prints its reminders.
        'letter' as channel,
        'sent' as result,
        versions.ec_montant as amount
    from versions
    inner join companies on versions.source_id = companies.source_id
    left join instalments
        on versions.source_id = instalments.source_id and versions.ec_no = instalments.ec_no
    where versions.position = 1
)

{{ conform('dunning_actions', lacks=['employee_id']) }}

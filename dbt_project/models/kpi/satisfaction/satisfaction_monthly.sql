-- One row per company, month, survey question and its scale, and breakdown: all answers, per channel,
-- per team, per channel and team. Results of few answers are withheld, so each breakdown has its own.
{%- set breakdowns = {'all': [], 'channel': ['channel'], 'team': ['team'], 'channel_team': ['channel', 'team']} %}
{%- set measures %}
        cast(count(score) as bigint) as answers,
        {{ money('sum(score)') }} as score_sum,
        stddev_samp(cast(score as double)) as score_deviation,
        cast(sum(case when score >= scale_maximum - 1 then 1 else 0 end) as bigint) as top_answers,
        cast(sum(case when score >= 9 then 1 else 0 end) as bigint) as promoters,
        cast(sum(case when score <= 6 then 1 else 0 end) as bigint) as detractors,
        cast(sum(invited) as bigint) as invitations,
        cast(sum(answered) as bigint) as answered_invitations
{%- endset %}
with teams as (
    {{ employee_teams() }}
),

invitations as (
    select survey_invitation_id, company_id, survey, channel, {{ month_of('invited_on') }} as month_start
    from {{ ref('fct_survey_invitations') }}
),

responses as (
    select * from {{ ref('fct_survey_responses') }}
),

questions as (
    select distinct survey, question, scale_minimum, scale_maximum
    from responses
),

answered_questions as (
    select distinct survey_invitation_id, question
    from responses
    where survey_invitation_id is not null
),

-- An answer counts in the month it was given, an invitation in the month it was sent. An invitation
-- asks all questions of its survey and names no team.
entries as (
    select
        responses.company_id,
        {{ month_of('responses.answered_on') }} as month_start,
        responses.question,
        responses.scale_minimum,
        responses.scale_maximum,
        coalesce(invitations.channel, 'unknown') as channel,
        coalesce(teams.team, 'unknown') as team,
        responses.score,
        0 as invited,
        0 as answered
    from responses
    left join invitations on responses.survey_invitation_id = invitations.survey_invitation_id
    left join teams
        on
            responses.employee_id = teams.employee_id
            and responses.answered_on between teams.valid_from and teams.valid_to
    union all
    select
        invitations.company_id,
        invitations.month_start,
        coalesce(questions.question, 'unknown'),
        questions.scale_minimum,
        questions.scale_maximum,
        invitations.channel,
        null,
        null,
        1,
        case when answered_questions.survey_invitation_id is not null then 1 else 0 end
    from invitations
    left join questions on invitations.survey = questions.survey
    left join answered_questions
        on
            invitations.survey_invitation_id = answered_questions.survey_invitation_id
            and questions.question = answered_questions.question
),

cells as (
    {%- for breakdown, dimensions in breakdowns.items() %}
    select
        company_id,
        month_start,
        question,
        scale_minimum,
        scale_maximum,
        '{{ breakdown }}' as breakdown,
        {{ 'channel' if 'channel' in dimensions else "'all' as channel" }},
        {{ 'team' if 'team' in dimensions else "'all' as team" }},
        {{- measures }}
    from entries
    {%- if 'team' in dimensions %}
    where team is not null
    {%- endif %}
    group by {{ (['company_id', 'month_start', 'question', 'scale_minimum', 'scale_maximum'] + dimensions) | join(', ') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- What is withheld must not follow from the total either: where the withheld cells of a total hold
-- fewer answers than the minimum together, the smallest of the others is withheld too.
{%- set cell = 'company_id, month_start, question, scale_minimum, scale_maximum, breakdown' %}
parents as (
    select
        *,
        answers < {{ var('survey_minimum_answers') }} as is_small,
        case when breakdown = 'channel_team' then channel else 'all' end as parent_channel,
        case when breakdown = 'channel_team' then team else 'all' end as parent_team
    from cells
),

counted as (
    select
        *,
        {%- for parent in ['parent_channel', 'parent_team'] %}
        sum(case when is_small then answers else 0 end) over (partition by {{ cell }}, {{ parent }}) as hidden_in_{{ parent }},
        row_number() over (partition by {{ cell }}, {{ parent }}, is_small order by answers, channel nulls last, team nulls last) as position_in_{{ parent }}{{ ',' if not loop.last }}
        {%- endfor %}
    from parents
),

judged as (
    select
        *,
        is_small
        {%- for parent in ['parent_channel', 'parent_team'] %}
        or (hidden_in_{{ parent }} between 1 and {{ var('survey_minimum_answers') }} - 1 and position_in_{{ parent }} = 1)
        {%- endfor %} as is_suppressed,
        question = 'recommendation' and scale_minimum = 0 and scale_maximum = 10 as is_recommendation
    from counted
)

select
    company_id,
    month_start,
    question,
    coalesce(scale_minimum, 0) as scale_minimum,
    coalesce(scale_maximum, 0) as scale_maximum,
    breakdown,
    channel,
    team,
    answers,
    is_suppressed,
    case when not is_suppressed then score_sum end as score_sum,
    case when not is_suppressed then cast(score_sum / answers as decimal(18, 6)) end as score_mean,
    case
        when not is_suppressed
            then cast(greatest(cast(score_sum as double) / answers - {{ student_margin('score_deviation', 'answers') }}, scale_minimum) as decimal(18, 6))
    end as score_mean_lower,
    case
        when not is_suppressed
            then cast(least(cast(score_sum as double) / answers + {{ student_margin('score_deviation', 'answers') }}, scale_maximum) as decimal(18, 6))
    end as score_mean_upper,
    case when not is_suppressed then top_answers end as top_answers,
    case when not is_suppressed then {{ ratio('top_answers', 'answers') }} end as customer_satisfaction,
    {%- for side in ['lower', 'upper'] %}
    case when not is_suppressed then cast({{ wilson_bound('top_answers', 'answers', side) }} as decimal(18, 6)) end as customer_satisfaction_{{ side }},
    {%- endfor %}
    case when not is_suppressed and is_recommendation then promoters end as promoters,
    case when not is_suppressed and is_recommendation then detractors end as detractors,
    case when not is_suppressed and is_recommendation then {{ ratio('100 * (promoters - detractors)', 'answers') }} end as net_promoter_score,
    {%- for side in ['lower', 'upper'] %}
    case
        when not is_suppressed and is_recommendation
            then cast(100 * ({{ net_share_bound('promoters', 'detractors', 'answers', side) }}) as decimal(18, 6))
    end as net_promoter_score_{{ side }},
    {%- endfor %}
    case when team = 'all' then invitations end as invitations,
    case when team = 'all' then answered_invitations end as answered_invitations,
    case when team = 'all' then {{ ratio('answered_invitations', 'invitations') }} end as response_rate,
    {%- for side in ['lower', 'upper'] %}
    case when team = 'all' then cast({{ wilson_bound('answered_invitations', 'invitations', side) }} as decimal(18, 6)) end as response_rate_{{ side }}{{ ',' if not loop.last }}
    {%- endfor %}
from judged

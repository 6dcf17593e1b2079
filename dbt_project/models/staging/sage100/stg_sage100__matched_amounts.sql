-- One row per payment and instalment of an invoice or credit note that it settles.
with

matches as (
    select
        source_id,
        rg_no,
        dr_no,
        min(cbmarq) as match_id,
        {{ money('sum(rc_montant)') }} as amount
    from {{ raw('sage100', 'F_REGLECH') }}
    where do_domaine = 0
    group by source_id, rg_no, dr_no
),

instalments as (
    select
        source_id,
        dr_no,
        do_type,
        trim(do_piece) as piece
    from {{ raw('sage100', 'F_DOCREGL') }}
    where do_domaine = 0
),

documents as (
    select * from {{ ref('stg_sage100__document_stages') }}
    where stage = 6
)

select
    matches.source_id,
    matches.match_id,
    matches.rg_no,
    matches.dr_no,
    {{ key('matches.source_id', 'F_DOCREGL', 'matches.dr_no') }} as instalment_id,
    -- Not invoiced yet: money on account.
    instalments.do_type < 6 as is_deposit,
    coalesce(documents.is_credit_note, false) as is_credit_note,
    documents.status in ('invoiced', 'settled') as is_owed,
    documents.document_date,
    abs(matches.amount) as amount
from matches
inner join instalments
    on matches.source_id = instalments.source_id and matches.dr_no = instalments.dr_no
left join documents
    on
        instalments.source_id = documents.source_id
        and instalments.do_type in (6, 7)
        and instalments.piece = documents.piece

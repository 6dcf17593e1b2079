-- Accounting: the French file and the Italian ledger, as they stand at the instant projected.
create schema files;

-- What the French accountants never booked: the first invoice posted on or after each of these
-- days, and one bank entry.
create view files.missing_entry as
with dated as (
    select mk, kind, posted_at, move_number.name
    from life.move
    inner join life.move_number using (mk)
    where co = 1 and happened(posted_at)
),

wanted as (
    select * from (
        values
        ('invoice', timestamp '2024-03-11'), ('invoice', timestamp '2025-02-10'),
        ('invoice', timestamp '2025-11-18'), ('invoice', timestamp '2026-04-07'),
        ('payment', timestamp '2025-06-16')
    ) as planted (kind, since)
)

select dated.mk, dated.name, dated.kind
from wanted
inner join dated on wanted.kind = dated.kind and dated.posted_at >= wanted.since
qualify row_number() over (partition by wanted.kind, since order by dated.posted_at, dated.mk) = 1;

-- Every booked line of both companies, with what an accounting file says about it.
create table files.booked_line as
with closed as (
    select line.mk, line.seq, closed_circle.closed_on, closed_circle.full_id
    from now.matched_line as line
    inner join now.closed_circle using (circle)
)

select
    move.co,
    move.mk,
    line.seq,
    entry_line_number.line_id,
    move_number.move_id,
    journal.code as journal_code,
    journal.fr as journal_fr,
    move_number.name as entry_number,
    move.date,
    local_time(move.posted_at)::date as validated_on,
    account.code as account_code,
    account.label as account_label,
    case when account.role in ('trade', 'bills_in_hand', 'doubtful', 'deposits')
        then customer.number end as auxiliary_code,
    case when account.role in ('trade', 'bills_in_hand', 'doubtful', 'deposits')
        then customer.name end as auxiliary_label,
    case
        when line.p is not null then product.code || ' ' || product.name
        else move_number.name
    end as label,
    greatest(line.balance, 0)::decimal(18, 2) as debit,
    greatest(-line.balance, 0)::decimal(18, 2) as credit,
    case when closed.full_id is not null then 'L' || closed.full_id end as lettering,
    closed.closed_on as lettered_on,
    case when move.currency <> 'EUR' then move.currency end as currency,
    case when move.currency <> 'EUR' then line.foreign_balance end as currency_amount
from life.entry_line as line
inner join life.move on line.mk = move.mk
inner join life.move_number on line.mk = move_number.mk
inner join life.entry_line_number
    on line.mk = entry_line_number.mk and line.seq = entry_line_number.seq
inner join life.account on line.account = account.account and move.co = account.co
inner join life.journal on move.journal = journal.journal_id
left join life.customer on move.partner = customer.c
left join life.product on line.p = product.p
left join closed on line.mk = closed.mk and line.seq = closed.seq
where happened(move.posted_at);

create view files.fec as
select
    year(date) as fiscal_year,
    move_id,
    line_id,
    journal_code as JournalCode,
    journal_fr as JournalLib,
    entry_number as EcritureNum,
    strftime(date, '%Y%m%d') as EcritureDate,
    account_code as CompteNum,
    account_label as CompteLib,
    coalesce(auxiliary_code, '') as CompAuxNum,
    coalesce(auxiliary_label, '') as CompAuxLib,
    entry_number as PieceRef,
    strftime(date, '%Y%m%d') as PieceDate,
    label as EcritureLib,
    replace(debit::varchar, '.', ',') as Debit,
    replace(credit::varchar, '.', ',') as Credit,
    coalesce(lettering, '') as EcritureLet,
    coalesce(strftime(lettered_on, '%Y%m%d'), '') as DateLet,
    strftime(validated_on, '%Y%m%d') as ValidDate,
    '' as Montantdevise,
    '' as Idevise
from files.booked_line
where co = 1 and mk not in (select mk from files.missing_entry);

-- An invoice that the exchange rejected is not issued: the Italian books leave it out.
create view files.italian_ledger as
select
    line_id::varchar as ledger_entry_id,
    getvariable('italian_tax_code') as company_id,
    journal_code,
    entry_number,
    row_number() over (partition by entry_number order by line_id) as line_number,
    date as entry_date,
    account_code,
    account_label as account_name,
    auxiliary_code,
    auxiliary_code as customer_id,
    entry_number as document_reference,
    date as document_date,
    label as description,
    debit,
    credit,
    lettering as lettering_code,
    lettered_on,
    validated_on,
    currency as currency_code,
    currency_amount,
    false as is_opening
from files.booked_line
where
    co = 2
    and mk not in (
        select 1000000000000000 + ik from now.einvoice where state = 'rejected'
    );

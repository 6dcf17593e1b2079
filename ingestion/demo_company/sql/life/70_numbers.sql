-- Identifiers and numbers, given in the order in which things come into being. All that exists by
-- an instant comes from orders placed before it, so a longer life never changes them.
create table life.sale_number as
select
    k,
    row_number() over (order by born_at, k) as order_id,
    case co when 1 then 'CV' else 'OV' end
    || lpad((row_number() over (partition by co order by born_at, k))::varchar, 6, '0') as name
from life.sale;

create table life.sale_line_number as
with lines as (
    select k, lk, l::int as l from life.line
    union all
    select k, k * 100 + 80, 80 from life.sale where has_freight
    union all
    select k, k * 100 + 90, 90 from life.invoice where kind = 'deposit'
)

select
    lines.*,
    coalesce(invoice.posted_at, sale.born_at) as born_at,
    row_number() over (order by coalesce(invoice.posted_at, sale.born_at), order_id, l) as line_id
from lines
inner join life.sale_number using (k)
inner join life.sale using (k)
left join life.invoice on lines.l = 90 and lines.k = invoice.k and invoice.kind = 'deposit';

create table life.picking_number as
select
    pk,
    row_number() over (order by born_at, pk) as picking_id,
    case co when 1 then 'LYO' else 'MIL' end || case kind when 'return' then '/IN/' else '/OUT/' end
    || lpad((
        row_number() over (partition by co, kind = 'return' order by born_at, pk)
    )::varchar, 6, '0') as name
from life.picking;

create table life.stock_move_number as
select mk, row_number() over (order by born_at, mk) as move_id from life.stock_move;

create table life.move_number as
select
    mk,
    row_number() over (order by born_at, mk) as move_id,
    case kind
        when 'invoice' then case co when 1 then 'FAC' else 'FT' end
        when 'deposit' then case co when 1 then 'ACP' else 'ACC' end
        when 'credit' then case co when 1 then 'AVO' else 'NC' end
        else journal.code
    end || '/' || year(date) || '/'
    || lpad((row_number() over (
        partition by
            co, journal, year(date),
            case when move_type = 'entry' then 'entry' else kind end
        order by posted_at, mk
    ))::varchar, 6, '0') as name
from life.move
inner join (select journal_id as journal, code from life.journal) as journal using (journal);

create table life.entry_line_number as
select mk, seq, row_number() over (order by move_id, seq) as line_id
from life.entry_line
inner join life.move_number using (mk);

create table life.match_number as
select
    debit_mk, debit_seq, credit_mk, credit_seq,
    row_number() over (order by born_at, debit_mk, debit_seq, credit_mk, credit_seq) as match_id
from life.match;

create table life.payment_number as
select mk, row_number() over (order by born_at, mk) as payment_id
from (
    select mk, born_at from life.payment
    union all
    select mk, born_at from life.payback
);

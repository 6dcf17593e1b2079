-- What happened on the day after the dump, as Tryton would have written it: an invoice is paid; part of
-- another was received three days before, and is booked only now; of a shipment of two lines one leaves
-- and the other waits; a confirmed sale is cancelled; a draft is deleted; a customer complains; and a
-- new sale is entered, quoted and confirmed within minutes.
insert into account_move (id, company, date, journal, period, state, number, origin, create_date, create_uid)
select 9001, 1, '2026-11-23', 3, max(id), 'posted', '9001', 'account.invoice,22', '2026-11-23 09:00', 3
from account_period;
insert into account_move_reconciliation (id, company, date, number, create_date)
values (9001, 1, '2026-11-23', '9001', '2026-11-23 09:00');
insert into account_move_line (id, move, account, party, debit, credit, reconciliation, state, create_date)
values
    (9001, 9001, 1005, 88, 0, 1645.70, 9001, 'valid', '2026-11-23 09:00'),
    (9002, 9001, 619, null, 1645.70, 0, null, 'valid', '2026-11-23 09:00');
insert into "account_invoice-account_move_line" (id, invoice, line) values (9001, 22, 9001);
update account_move_line set reconciliation = 9001, write_date = '2026-11-23 09:00'
where account = 1005 and move = (select move from account_invoice where id = 22);
update account_invoice set state = 'paid', write_date = '2026-11-23 09:00' where id = 22;

insert into account_move (id, company, date, journal, period, state, number, origin, create_date, create_uid)
select 9003, 1, '2026-11-20', 3, max(id), 'posted', '9003', 'account.invoice,51', '2026-11-23 09:30', 3
from account_period;
insert into account_move_line (id, move, account, party, debit, credit, state, create_date)
values
    (9003, 9003, 1005, 81, 0, 15.05, 'valid', '2026-11-23 09:30'),
    (9004, 9003, 619, null, 15.05, 0, 'valid', '2026-11-23 09:30');
insert into "account_invoice-account_move_line" (id, invoice, line) values (9003, 51, 9003);

insert into stock_shipment_out (
    id, company, customer, delivery_address, warehouse, warehouse_output, warehouse_storage,
    number, state, planned_date, create_date
)
select 9001, company, customer, delivery_address, warehouse, warehouse_output, warehouse_storage,
    '9001', 'waiting', '2026-11-23', '2026-11-23 10:00'
from stock_shipment_out where id = 180;
update stock_move set shipment = 'stock.shipment.out,9001', write_date = '2026-11-23 10:00' where id = 981;
update stock_move set state = 'done', effective_date = '2026-11-23', write_date = '2026-11-23 10:00'
where id = 980;
update stock_shipment_out set state = 'done', effective_date = '2026-11-23', write_date = '2026-11-23 10:00'
where id = 180;
update sale_sale set shipment_state = 'partially shipped', write_date = '2026-11-23 10:00'
where id = (select sale from sale_line where id = 475);

update sale_sale set state = 'cancelled', write_date = '2026-11-23 11:00', write_uid = 3 where id = 206;

delete from sale_line where sale = 30;
delete from sale_sale where id = 30;
insert into sale_sale__history (id, write_date, write_uid) values (30, '2026-11-23 11:30', 3);

insert into sale_sale__history (
    id, company, party, currency, state, shipment_state, invoice_state, invoice_method, shipment_method,
    revision, shipping_date, create_date, create_uid, write_date, write_uid
)
select id, company, party, currency, state, shipment_state, invoice_state, invoice_method, shipment_method,
    revision, shipping_date, create_date, create_uid, write_date, write_uid
from sale_sale where id = 206 or id = (select sale from sale_line where id = 475);

insert into sale_complaint (id, company, customer, number, type, origin, state, date, create_date, create_uid)
values (9001, 1, 88, '9001', 2, 'sale.line,475', 'draft', '2026-11-23', '2026-11-23 12:00', 3);

insert into sale_sale (
    id, company, party, currency, state, number, sale_date, quotation_date, shipping_date,
    shipment_state, invoice_state, invoice_method, shipment_method, quoted_by, confirmed_by, revision,
    untaxed_amount_cache, tax_amount_cache, total_amount_cache, create_date, create_uid, write_date
)
values (
    9001, 1, 88, 1, 'processing', '9001', '2026-11-23', '2026-11-23', '2026-12-01',
    'waiting', 'none', 'fulfillment', 'order', 4, 5, 0,
    36, 7.06, 43.06, '2026-11-23 08:00', 3, '2026-11-23 08:20'
);
insert into sale_line (id, sale, type, product, quantity, unit, unit_price, create_date)
values (9001, 9001, 'line', 1, 2, 1, 18, '2026-11-23 08:00');
insert into sale_sale__history (
    id, company, party, currency, state, shipment_state, invoice_state, invoice_method, shipment_method,
    revision, shipping_date, create_date, create_uid, write_date, write_uid
)
values
    (9001, 1, 88, 1, 'draft', 'none', 'none', 'fulfillment', 'order',
        0, '2026-12-01', '2026-11-23 08:00', 3, null, null),
    (9001, 1, 88, 1, 'quotation', 'none', 'none', 'fulfillment', 'order',
        0, '2026-12-01', '2026-11-23 08:00', 3, '2026-11-23 08:10', 3),
    (9001, 1, 88, 1, 'confirmed', 'none', 'none', 'fulfillment', 'order',
        0, '2026-12-01', '2026-11-23 08:00', 3, '2026-11-23 08:20', 3);

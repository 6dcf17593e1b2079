-- A small SuiteCRM: of each table that is read, the columns that matter; deleted rows among the others.
create table accounts (
    id char(36) primary key, name varchar(150), date_entered datetime, date_modified datetime, modified_user_id char(36),
    created_by char(36), description text, deleted tinyint(1) default 0, assigned_user_id char(36), account_type varchar(50),
    industry varchar(50), billing_address_street varchar(150), billing_address_city varchar(100),
    billing_address_postalcode varchar(20), billing_address_country varchar(255), parent_id char(36)
);
insert into accounts (id, name, date_entered, date_modified, deleted, assigned_user_id, account_type, billing_address_city, billing_address_postalcode, billing_address_country, parent_id) values
    ('dupont', 'Dupont', '2025-03-01 08:00:00', '2026-01-10 08:00:00', 0, 'u-anna', 'Customer', 'Lyon', '69001', 'fr', ''),
    ('branch', 'Dupont Nord', '2025-03-02 08:00:00', '2026-01-10 08:00:00', 0, 'u-anna', 'Prospect', 'Lille', '59000', 'France', 'dupont'),
    ('gone', 'Fermé', '2025-03-02 08:00:00', '2026-01-11 08:00:00', 1, 'u-anna', 'Customer', null, null, null, null);

create table accounts_cstm (id_c char(36) primary key, jjwg_maps_lng_c float(11, 8) default 0, customer_number_c varchar(20), region_c varchar(100));
insert into accounts_cstm values ('dupont', 4.83, 'C001', 'Rhône & Alpes'), ('branch', null, '', null);

create table users (
    id char(36) primary key, user_name varchar(60), user_hash varchar(255), first_name varchar(255), last_name varchar(255),
    date_entered datetime, date_modified datetime, status varchar(100), deleted tinyint(1)
);
insert into users values
    ('u-anna', 'anna', 'secret', 'Anna', 'Martin', '2025-01-01 08:00:00', '2025-01-01 08:00:00', 'Active', 0),
    ('u-left', 'paul', 'secret', 'Paul', 'Parti', '2025-01-01 08:00:00', '2026-01-01 08:00:00', 'Inactive', 1);

create table cases (
    id char(36) primary key, name varchar(255), date_entered datetime, date_modified datetime, modified_user_id char(36),
    created_by char(36), description text, deleted tinyint(1) default 0, assigned_user_id char(36),
    case_number int(11) not null auto_increment unique, type varchar(255), status varchar(100), priority varchar(100),
    resolution text, work_log text, account_id char(36), state varchar(100) default 'Open', contact_created_by_id char(36)
);
insert into cases (id, date_entered, date_modified, created_by, deleted, assigned_user_id, case_number, type, status, priority, account_id, state) values
    ('open', '2026-02-02 09:00:00', '2026-02-02 10:00:00', 'u-anna', 0, 'u-anna', 41, 'Price', 'Open_Assigned', 'P1', 'dupont', 'Open'),
    ('closed', '2026-02-03 09:00:00', '2026-02-06 09:00:00', 'u-anna', 0, 'u-anna', 42, 'Damaged', 'Closed_Closed', 'P2', 'dupont', 'Closed'),
    ('silent', '2026-02-04 09:00:00', '2026-02-09 15:00:00', 'u-left', 0, 'u-left', 43, 'User', 'Closed_Closed', 'P3', 'branch', 'Closed'),
    ('gone', '2026-02-05 09:00:00', '2026-02-05 10:00:00', 'u-anna', 1, 'u-anna', 44, 'Price', 'Open_New', 'P1', 'dupont', 'Open');

create table cases_audit (
    id char(36) primary key, parent_id char(36) not null, date_created datetime, created_by varchar(36), field_name varchar(100),
    data_type varchar(100), before_value_string varchar(255), after_value_string varchar(255), before_value_text text, after_value_text text
);
insert into cases_audit (id, parent_id, date_created, created_by, field_name, before_value_string, after_value_string) values
    ('a1', 'open', '2026-02-02 10:00:00', 'u-anna', 'status', 'Open_New', 'Open_Assigned'),
    ('a2', 'closed', '2026-02-05 09:00:00', 'u-anna', 'status', 'Open_New', 'Closed_Closed'),
    ('a3', 'gone', '2026-02-05 10:00:00', 'u-anna', 'status', 'Open_New', 'Open_Assigned');

create table aop_case_updates (
    id char(36) primary key, name varchar(255), date_entered datetime, date_modified datetime, created_by char(36),
    description text, deleted tinyint(1) default 0, case_id char(36), contact_id char(36), internal tinyint(1)
);
insert into aop_case_updates (id, date_entered, date_modified, created_by, deleted, case_id, contact_id, internal) values
    ('m1', '2026-02-03 09:30:00', '2026-02-03 09:30:00', 'u-anna', 0, 'closed', 'k1', 0),
    ('m2', '2026-02-03 11:00:00', '2026-02-03 11:00:00', 'u-anna', 0, 'closed', '', 0);

create table calls (
    id char(36) primary key, name varchar(50), date_entered datetime, date_modified datetime, deleted tinyint(1) default 0,
    assigned_user_id char(36), duration_hours int(2), duration_minutes int(2), date_start datetime, date_end datetime,
    parent_type varchar(255), status varchar(100) default 'Planned', direction varchar(100), parent_id char(36)
);
insert into calls (id, date_modified, deleted, assigned_user_id, duration_hours, duration_minutes, date_start, parent_type, status, direction, parent_id) values
    ('c1', '2026-02-02 12:00:00', 0, 'u-anna', 1, 15, '2026-02-02 10:00:00', 'Accounts', 'Held', 'Inbound', 'dupont'),
    ('c2', '2026-02-02 12:00:00', 0, 'u-anna', 0, 15, '2026-02-20 10:00:00', 'Accounts', 'Planned', 'Outbound', 'dupont'),
    ('c3', '2026-02-02 12:00:00', 1, 'u-anna', 0, 15, '2026-02-02 10:00:00', 'Accounts', 'Held', 'Outbound', 'dupont');

create table meetings (
    id char(36) primary key, name varchar(50), date_entered datetime, date_modified datetime, deleted tinyint(1) default 0,
    assigned_user_id char(36), location varchar(50), duration_hours int(3), duration_minutes int(2), date_start datetime, date_end datetime,
    parent_type varchar(100), status varchar(100) default 'Planned', parent_id char(36)
);
insert into meetings (id, date_modified, assigned_user_id, duration_hours, duration_minutes, date_start, parent_type, status, parent_id) values
    ('m1', '2026-02-03 17:00:00', 'u-anna', 2, 0, '2026-02-03 14:00:00', 'Contacts', 'Held', 'k1');

create table tasks (
    id char(36) primary key, name varchar(50), date_entered datetime, date_modified datetime, deleted tinyint(1) default 0,
    assigned_user_id char(36), status varchar(100) default 'Not Started', date_due_flag tinyint(1), date_due datetime,
    date_start datetime, parent_type varchar(255), parent_id char(36), contact_id char(36), priority varchar(100)
);
insert into tasks (id, date_modified, assigned_user_id, status, date_due, parent_type, parent_id) values
    ('t1', '2026-02-10 08:00:00', 'u-anna', 'Completed', '2026-02-09 08:00:00', 'Cases', 'open');

create table accounts_contacts (id varchar(36) primary key, contact_id varchar(36), account_id varchar(36), date_modified datetime, deleted tinyint(1) default 0);
insert into accounts_contacts values ('1', 'k1', 'dupont', '2025-03-01 08:00:00', 0), ('2', 'k1', 'gone', '2026-03-01 08:00:00', 1);

create table accounts_opportunities (id varchar(36) primary key, opportunity_id varchar(36), account_id varchar(36), date_modified datetime, deleted tinyint(1) default 0);

create table aos_quotes (
    id char(36) primary key, name varchar(255), date_entered datetime, date_modified datetime, created_by char(36),
    description text, deleted tinyint(1) default 0, assigned_user_id char(36), billing_account_id char(36), billing_contact_id char(36),
    expiration date, number int(11), opportunity_id char(36), total_amt decimal(26, 6), subtotal_amount decimal(26, 6),
    subtotal_amount_usdollar decimal(26, 6), discount_amount decimal(26, 6), tax_amount decimal(26, 6), shipping_amount decimal(26, 6),
    shipping_amount_usdollar decimal(26, 6), shipping_tax varchar(100), shipping_tax_amt decimal(26, 6), total_amount decimal(26, 6),
    total_amount_usdollar decimal(26, 6), currency_id char(36), stage varchar(100) default 'Draft', term varchar(100),
    invoice_status varchar(100) default 'Not Invoiced'
);
insert into aos_quotes (id, number, date_entered, date_modified, created_by, deleted, assigned_user_id, billing_account_id, expiration, subtotal_amount, subtotal_amount_usdollar, shipping_amount, shipping_amount_usdollar, tax_amount, shipping_tax_amt, total_amount, total_amount_usdollar, currency_id, stage) values
    ('sent', 7, '2026-02-02 08:00:00', '2026-02-04 08:00:00', 'u-anna', 0, 'u-anna', 'dupont', '2026-03-31', 42, 42, 10, 10, 10.40, 2, 62.40, 62.40, '-99', 'Delivered'),
    ('won', 8, '2026-02-03 08:00:00', '2026-02-10 08:00:00', 'u-anna', 0, 'u-anna', 'dupont', '2026-03-31', 100, 80, null, null, 0, null, 100, 80, 'usd', 'Closed Accepted'),
    ('gone', 9, '2026-02-03 08:00:00', '2026-02-10 08:00:00', 'u-anna', 1, 'u-anna', 'dupont', '2026-03-31', 1, 1, null, null, 0, null, 1, 1, '-99', 'Draft');

create table aos_quotes_audit like cases_audit;
insert into aos_quotes_audit (id, parent_id, date_created, created_by, field_name, before_value_string, after_value_string) values
    ('a1', 'sent', '2026-02-04 08:00:00', 'u-anna', 'stage', 'Draft', 'Delivered'),
    ('a2', 'won', '2026-02-10 08:00:00', 'u-anna', 'stage', 'Draft', 'Closed Accepted');

create table aos_products_quotes (
    id char(36) primary key, name text, date_entered datetime, date_modified datetime, deleted tinyint(1) default 0, currency_id char(36),
    part_number varchar(255), item_description text, number int(11), product_qty decimal(18, 4), product_cost_price decimal(26, 6),
    product_list_price decimal(26, 6), product_discount decimal(26, 6), product_discount_amount decimal(26, 6), discount varchar(255) default 'Percentage',
    product_unit_price decimal(26, 6), vat_amt decimal(26, 6), vat_amt_usdollar decimal(26, 6), product_total_price decimal(26, 6),
    product_total_price_usdollar decimal(26, 6), vat varchar(100) default '5.0', parent_type varchar(100), parent_id char(36), product_id char(36), group_id char(36)
);
insert into aos_products_quotes (id, name, date_modified, deleted, part_number, number, product_qty, product_list_price, product_discount, discount, product_unit_price, vat_amt, vat_amt_usdollar, product_total_price, product_total_price_usdollar, parent_type, parent_id, product_id) values
    ('l1', 'Bolt', '2026-02-02 08:00:00', 0, 'P1', 1, 3, 10, 10, 'Percentage', 9, 5.40, 5.40, 27, 27, 'AOS_Quotes', 'sent', 'x1'),
    ('l2', 'Fitting', '2026-02-02 08:00:00', 0, '', 1, null, 20, 5, 'Amount', 15, 3, 3, 15, 15, 'AOS_Quotes', 'sent', '0'),
    ('l3', 'Drill', '2026-02-03 08:00:00', 0, 'P2', 1, 2, 50, 0, 'Percentage', 50, 0, 0, 100, 80, 'AOS_Quotes', 'won', 'x2'),
    ('l4', 'Bolt', '2026-02-03 08:00:00', 1, 'P1', 2, 1, 1, 0, 'Percentage', 1, 0, 0, 1, 1, 'AOS_Quotes', 'won', 'x1'),
    ('l5', 'Bolt', '2026-02-03 08:00:00', 0, 'P1', 1, 1, 1, 0, 'Percentage', 1, 0, 0, 1, 1, 'AOS_Invoices', 'invoice', 'x1');

create table currencies (
    id char(36) primary key, name varchar(36), symbol varchar(36), iso4217 varchar(3), conversion_rate double, status varchar(100),
    deleted tinyint(1), date_entered datetime, date_modified datetime, created_by char(36)
);
insert into currencies values ('usd', 'Dollar', '$', 'USD', 1.25, 'Active', 1, '2025-01-01 08:00:00', '2025-01-01 08:00:00', 'u-anna');

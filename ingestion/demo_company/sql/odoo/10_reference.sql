-- Odoo's small tables: views of how they stand at the instant projected.
create schema odoo;

create view odoo.res_company as
select
    co as id,
    case co when 1 then getvariable('french_name') else getvariable('italian_name') end as name,
    co as partner_id,
    1 as currency_id,
    case co when 1 then getvariable('french_siren') else getvariable('italian_tax_code') end
        as company_registry,
    '12' as fiscalyear_last_month,
    getvariable('start')::timestamp as create_date,
    getvariable('start')::timestamp as write_date
from (values (1), (2)) as companies (co);

create view odoo.res_currency as
select * from (values (1, 'EUR'), (2, 'CHF')) as currencies (id, name);

create view odoo.res_currency_rate as
select
    row_number() over (order by rate_date, co) as id,
    rate_date as name,
    rate,
    2 as currency_id,
    co as company_id,
    (rate_date + interval 5 hour)::timestamp as write_date
from life.rate
cross join (values (1), (2)) as companies (co)
where happened((rate_date + interval 5 hour)::timestamp);

create view odoo.res_country as
select * from (values (1, 'FR'), (2, 'IT'), (3, 'BE'), (4, 'CH')) as countries (id, code);

create view odoo.res_lang as
select * from (
    values (1, 'en_US', 'en'), (2, 'fr_FR', 'fr'), (3, 'it_IT', 'it')
) as languages (id, code, iso_code);

create view odoo.res_partner_industry as
select id, named(en, fr, it) as name
from (
    values
    (1, 'Installers', 'Installateurs', 'Installatori'),
    (2, 'Industry', 'Industrie', 'Industria'),
    (3, 'Retail', 'Négoce', 'Commercio'),
    (4, 'Public bodies', 'Collectivités', 'Enti pubblici'),
    (5, 'Key accounts', 'Grands comptes', 'Grandi clienti')
) as industries (id, en, fr, it);

create view odoo.res_partner_category as
select id, named(en, fr, it) as name
from (
    values
    (1, 'Public', 'Public', 'Pubblico'),
    (2, 'Insolvent', 'Procédure collective', 'Procedura concorsuale'),
    (3, 'EDI', 'EDI', 'EDI')
) as tags (id, en, fr, it);

create view odoo.res_partner_res_partner_category_rel as
select 1 as category_id, partner_id from life.customer where is_public and happened(born_at)
union all
select 2, partner_id from life.customer where happened(insolvent_on::timestamp) and happened(born_at)
union all
select 3, partner_id from life.customer
where happened(edi_from::timestamp) and happened(born_at);

create view odoo.res_partner as
with language as (
    select *, case when co = 1 then 'fr_FR' else 'it_IT' end as lang from life.customer
),

first_orders as (
    select payer, count(*) as orders from life.sale where happened(confirmed_at) group by payer
)

select
    co as id, name, null as ref, null as vat, company_registry, true as is_company,
    null as parent_id, co as commercial_partner_id, null as company_id, co as country_id,
    null as zip, null as city, case co when 1 then 'fr_FR' else 'it_IT' end as lang,
    'contact' as type, null as user_id, null as industry_id, 0 as customer_rank, false as no_overdue_reminder,
    true as active, create_date, write_date
from (select id as co, name, company_registry, create_date, write_date from odoo.res_company)
union all
select
    partner_id, name, null, null, null, false, null, partner_id, co, co, null, null,
    case co when 1 then 'fr_FR' else 'it_IT' end, 'contact', null, null, 0, false, true,
    getvariable('start'), getvariable('start')
from life.employee
union all
select
    partner_id, login, null, null, null, false, null, partner_id, null, 1, null, null, 'en_US',
    'contact', null, null, 0, false, true, getvariable('start'), getvariable('start')
from life.robot
union all
select
    partner_id, name, number, vat, registry, true, null, partner_id, null,
    case country when 'FR' then 1 when 'IT' then 2 when 'BE' then 3 else 4 end, zip, town, lang,
    'contact', case when happened(moved_at) then next_salesperson else salesperson end, industry,
    1,
    coalesce(happened(insolvent_on::timestamp), false), true, born_at,
    greatest(born_at, seen(moved_at), seen(insolvent_on::timestamp))
from language
where happened(born_at)
union all
select
    delivery_partner_id, name || ' (dépôt)', null, null, null, false, partner_id, partner_id, null,
    case country when 'FR' then 1 when 'IT' then 2 when 'BE' then 3 else 4 end, zip, town, lang,
    'delivery', null, null, 0, false, true, born_at, born_at
from language
where delivery_partner_id is not null and happened(born_at);

create view odoo.res_users as
select
    user_id as id, login, partner_id, co as company_id, false as share, true as active,
    getvariable('start')::timestamp as create_date, getvariable('start')::timestamp as write_date
from life.employee
union all
select
    user_id, login, partner_id, 1, false, user_id > 1, getvariable('start'), getvariable('start')
from life.robot;

create view odoo.hr_department as
select department_id as id, named(en, fr, it) as name, co as company_id from life.department;

create view odoo.hr_employee as
select
    employee_id as id, name, user_id, co as company_id, department_id, job_title, true as active,
    getvariable('start')::timestamp as create_date, getvariable('start')::timestamp as write_date
from life.employee;

create view odoo.hr_contract as
select
    employee_id as id, employee_id, getvariable('start')::date - 400 as date_start,
    null::date as date_end, 'open' as state,
    case when employee_id % 7 = 0 then 3 else co end as resource_calendar_id, co as company_id,
    getvariable('start')::timestamp as write_date
from life.employee;

create view odoo.resource_calendar as
select *, getvariable('start')::timestamp as write_date
from (
    values (1, '35 heures', 7.0), (2, '40 ore', 8.0), (3, 'Part time', 5.6)
) as calendars (id, name, hours_per_day);

create view odoo.resource_calendar_attendance as
select
    100 * calendar + 10 * day + half as id,
    calendar as calendar_id,
    case half when 0 then 8.5 else 13.5 end as hour_from,
    case half when 0 then 12.0 else 13.5 + hours - 3.5 end as hour_to,
    case half when 0 then 'morning' else 'afternoon' end as day_period,
    null::varchar as week_type,
    getvariable('start')::timestamp as write_date
from (values (1, 7.0), (2, 8.0), (3, 5.6)) as calendars (calendar, hours)
cross join (select unnest(range(0, 5)) as day) as days
cross join (values (0), (1)) as halves (half);

create view odoo.crm_team as
select
    team as id, named(en, fr, it) as name, co as company_id, true as active,
    getvariable('start')::timestamp as write_date
from life.team;

create view odoo.crm_team_member as
select
    employee_id as id, team as crm_team_id, user_id, true as active,
    getvariable('start')::timestamp as write_date
from life.employee
where team is not null;

create view odoo.product_category as
select 1 as id, 'All' as name, 'All' as complete_name, null as parent_id,
    getvariable('start')::timestamp as write_date
union all
select distinct
    10 + range_no, range_name, 'All / ' || range_name, 1, getvariable('start')::timestamp
from life.family
union all
select
    family_id, family, 'All / ' || range_name || ' / ' || family, 10 + range_no,
    getvariable('start')::timestamp
from life.family
union all
select 5, 'Services', 'All / Services', 1, getvariable('start')::timestamp;

create view odoo.product_template as
select
    p as id, named(name, name, name) as name, case when family_id = 0 then 5 else family_id end
        as categ_id,
    -- List prices rise every January; the list shows today's.
    round(price * (case year(getvariable('t'))
        when 2023 then 1.00 when 2024 then 1.03 when 2025 then 1.055 else 1.08 end)
        ::decimal(6, 3), 2) as list_price,
    case when family_id = 0 then 'service' else 'product' end as type, true as active,
    true as sale_ok, 1 as uom_id, code as default_code, born_at as create_date,
    greatest(born_at, date_trunc('year', getvariable('t'))::timestamp) as write_date
from life.product
where happened(born_at);

create view odoo.product_product as
select
    p as id, p as product_tmpl_id, code as default_code, true as active,
    born_at as write_date
from life.product
where happened(born_at);

-- Odoo 17 keeps values that depend on the company apart from their records.
create view odoo.ir_property as
with properties as (
    select
        co, born_at, 3 * partner_id as id, 'credit_limit' as name, 'res.partner,' || partner_id as res_id,
        null as value_reference, credit_limit as value_float
    from life.customer
    union all
    select
        co, born_at, 3 * partner_id + 1, 'property_payment_term_id', 'res.partner,' || partner_id,
        'account.payment.term,' || term, null
    from life.customer
    union all
    select
        co, born_at, 3 * partner_id + 2, 'property_product_pricelist', 'res.partner,' || partner_id,
        'product.pricelist,' || case when currency = 'CHF' then 3 else co end, null
    from life.customer
    union all
    select co, born_at, 2 * p + co, 'standard_price', 'product.product,' || p, null, cost
    from life.product
    cross join (values (1), (2)) as companies (co)
)

select id, name, res_id, co as company_id, value_reference, value_float, born_at as write_date
from properties
where happened(born_at);

create view odoo.uom_uom as
select 1 as id, named('Units', 'Unités', 'Unità') as name;

create view odoo.account_payment_term as
select
    term as id, named(en, fr, it) as name, discount_days is not null as early_discount,
    coalesce(discount_percent, 0) as discount_percentage, coalesce(discount_days, 0)
        as discount_days,
    getvariable('start')::timestamp as write_date
from life.term;

create view odoo.account_payment_term_line as
select
    10 * term + no as id, term as payment_id, 'percent' as value, share as value_amount,
    days as nb_days, delay_type, null as days_next_month,
    getvariable('start')::timestamp as write_date
from life.term_line;

create view odoo.stock_warehouse as
select * from (
    values (1, 'Lyon', 'LYO', 1), (2, 'Milano', 'MIL', 2)
) as warehouses (id, name, code, company_id);

create view odoo.stock_location as
select * from (
    values
    (4, 'supplier', 'Partners/Vendors', null, null),
    (5, 'customer', 'Partners/Customers', null, null),
    (8, 'internal', 'LYO/Stock', 1, 1),
    (18, 'internal', 'MIL/Stock', 2, 2)
) as locations (id, usage, complete_name, warehouse_id, company_id);

create view odoo.stock_picking_type as
select * from (
    values
    (1, 'incoming', 1), (2, 'outgoing', 1), (3, 'internal', 1),
    (6, 'incoming', 2), (7, 'outgoing', 2), (8, 'internal', 2)
) as types (id, code, warehouse_id);

create view odoo.account_account as
select
    account_id as id, code, named(label, label, label) as name, account_type, co as company_id,
    getvariable('start')::timestamp as write_date
from life.account;

create view odoo.account_journal as
select
    journal_id as id, code, named(fr, fr, it) as name, type, co as company_id,
    getvariable('start')::timestamp as write_date
from life.journal;

create view odoo.account_payment_method as
select id, code, named(en, fr, it) as name
from (
    values
    (1, 'manual', 'Manual', 'Virement', 'Bonifico'),
    (2, 'cheque', 'Cheque', 'Chèque', 'Assegno'),
    (3, 'card', 'Card', 'Carte', 'Carta'),
    (4, 'sepa_direct_debit', 'SEPA direct debit', 'Prélèvement SEPA', 'Addebito SEPA'),
    (5, 'lcr', 'LCR', 'LCR', 'LCR'),
    (6, 'riba', 'RiBa', 'RiBa', 'RiBa')
) as methods (id, code, en, fr, it);

create view odoo.account_payment_method_line as
select
    10 * co + method as id, name, method as payment_method_id,
    case when method >= 5 then 4 * co - 1 else 4 * co - 2 end as journal_id
from (values (1), (2)) as companies (co)
cross join (
    values
    (1, 'transfer'), (2, 'cheque'), (3, 'card'), (4, 'direct debit'), (5, 'lcr'), (6, 'riba')
) as methods (method, name);

create view odoo.payment_return_reason as
select * from (
    values
    (1, 'AM04', 'Insufficient funds'),
    (2, 'AC04', 'Account closed'),
    (3, 'MS02', 'Refused by the debtor')
) as reasons (id, code, name);

create view odoo.credit_control_policy_level as
select id, named(en, fr, it) as name, id as level
from (
    values
    (1, 'Reminder', 'Relance', 'Sollecito'),
    (2, 'Second reminder', 'Deuxième relance', 'Secondo sollecito'),
    (3, 'Formal notice', 'Mise en demeure', 'Messa in mora')
) as levels (id, en, fr, it);

create view odoo.ir_model_fields as
select * from (
    values
    (1, 'sale.order', 'state'),
    (2, 'sale.order', 'commitment_date'),
    (3, 'sale.order', 'credit_hold'),
    (4, 'sale.order', 'amount_total'),
    (5, 'sale.order', 'user_id'),
    (6, 'stock.picking', 'state'),
    (7, 'account.move', 'state'),
    (8, 'account.move', 'payment_state'),
    (9, 'account.move', 'l10n_it_edi_state')
) as fields (id, model, name);

create view odoo.utm_source as
select * from (
    values
    (1, 'edi'), (2, 'webshop'), (3, 'email'), (4, 'telephone'), (5, 'field'), (6, 'manual')
) as sources (id, name);

create view odoo.utm_medium as
select id, named(name, name, name) as name
from (values (1, 'Electronic'), (2, 'Human')) as media (id, name);

create view odoo.delivery_carrier as
select id, named(name, name, name) as name
from (
    select unnest(range(1, len(getvariable('carriers')) + 1)) as id,
        unnest(getvariable('carriers')) as name
);

create view odoo.account_incoterms as
select * from (values (1, 'EXW'), (2, 'DAP'), (3, 'FCA')) as incoterms (id, code);

create view odoo.product_pricelist as
select
    id, named(en, fr, it) as name, currency_id, company_id,
    getvariable('start')::timestamp as write_date
from (
    values
    (1, 'Public price list', 'Tarif public', 'Listino', 1, 1),
    (2, 'Price list Italy', 'Tarif Italie', 'Listino Italia', 1, 2),
    (3, 'Price list Switzerland', 'Tarif Suisse', 'Listino Svizzera', 2, 2)
) as lists (id, en, fr, it, currency_id, company_id);

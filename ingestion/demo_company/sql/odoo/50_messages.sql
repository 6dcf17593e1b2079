-- What Odoo logs, as messages and the changes they tell of.
create view odoo.mail_message as
select
    id,
    model,
    res_id,
    100 + actor as author_id,
    moment as date,
    message_type,
    subject,
    actor as create_uid,
    moment as write_date
from now.log;

create view odoo.mail_tracking_value as
select
    id,
    id as mail_message_id,
    field as field_id,
    case when field = 3 then old::int end as old_value_integer,
    case when field = 4 then old::double end as old_value_float,
    case when field not in (2, 3, 4) then old end as old_value_char,
    case when field = 2 then old::timestamp end as old_value_datetime,
    case when field = 3 then new::int end as new_value_integer,
    case when field = 4 then new::double end as new_value_float,
    case when field not in (2, 3, 4) then new end as new_value_char,
    case when field = 2 then new::timestamp end as new_value_datetime,
    moment as write_date
from now.log
where field is not null;

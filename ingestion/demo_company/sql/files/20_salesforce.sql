-- The CRM's export as it stands at the instant projected.
create schema salesforce;

create view salesforce.account as
select
    '001' || lpad(customer.c::varchar, 12, '0') || 'AAA' as Id,
    upper(customer.name) as Name,
    -- A few accounts were never given the customer's number.
    case when u('unlinked', customer.c) > 0.01 then customer.number end as AccountNumber,
    case when payer.payer is not null then '001' || lpad(payer.payer::varchar, 12, '0') || 'AAA' end
        as ParentId,
    'Customer' as Type,
    case industry
        when 1 then 'Installers' when 2 then 'Industry' when 3 then 'Retail' when 4 then 'Government'
        else 'Key accounts'
    end as Industry,
    country as BillingCountryCode,
    zip as BillingPostalCode,
    town as BillingCity,
    '005' || lpad(salesperson::varchar, 12, '0') || 'AAA' as OwnerId,
    born_at as CreatedDate,
    born_at as SystemModstamp
from life.customer
left join life.payer using (c)
where happened(born_at);

create view salesforce.user as
select
    '005' || lpad(user_id::varchar, 12, '0') || 'AAA' as Id,
    login as Username,
    name as Name,
    department.en as Department,
    true as IsActive,
    getvariable('start')::timestamp as SystemModstamp
from life.employee
inner join life.department using (department_id);

create view salesforce.case as
with steps as (
    select sk, max_by(new, moment) as status, max(moment) as changed_at
    from life.claim_step
    where happened(moment)
    group by sk
)

select
    '500' || lpad(claim_no::varchar, 12, '0') || 'AAA' as Id,
    lpad(claim_no::varchar, 8, '0') as CaseNumber,
    '001' || lpad(claim.c::varchar, 12, '0') || 'AAA' as AccountId,
    'Complaint' as Type,
    coalesce(steps.status, 'New') as Status,
    claim.reason as Reason,
    claim.origin as Origin,
    pick(['Medium', 'Medium', 'High', 'Low'], 'priority', claim.sk) as Priority,
    claim.reason || ', order ' || sale_number.name as Subject,
    coalesce(steps.status = 'Closed', false) as IsClosed,
    case when steps.status = 'Closed' then steps.changed_at end as ClosedDate,
    case when happened(answered_at) then '005' || lpad(owner::varchar, 12, '0') || 'AAA'
        else '00G000000000001AAA' end as OwnerId,
    opened_at as CreatedDate,
    '005' || lpad(owner::varchar, 12, '0') || 'AAA' as CreatedById,
    coalesce(steps.changed_at, opened_at) as SystemModstamp,
    sale_number.name as Order_Reference__c,
    picking_number.name as Delivery_Reference__c,
    case when claim.reason in ('price error', 'invoice error') and happened(invoice.posted_at)
        then move_number.name end as Invoice_Reference__c,
    case when claim.reason not in ('late delivery', 'missing documents', 'invoice error')
        then product.code end as Product_Code__c,
    case when claim.reason in ('late delivery', 'damaged goods')
        then getvariable('carriers')[1 + floor(4 * u('carrier', claim.k))::int] end as Carrier__c,
    case claim.co when 1 then getvariable('french_name') else getvariable('italian_name') end
        as Company__c,
    case when happened(resolved_at) then claim.cost end as Cost__c,
    seen(answered_at) as First_Response__c
from life.claim
inner join life.sale_number using (k)
inner join life.picking_number on claim.sk * 10 = picking_number.pk
left join steps on claim.sk = steps.sk
left join life.invoice on claim.sk = invoice.ik
left join life.move_number on invoice.mk = move_number.mk
left join (
    select k, s, min_by(p, l) as p from life.portion group by k, s
) as first_line on claim.k = first_line.k and claim.s = first_line.s
left join life.product on first_line.p = product.p
where happened(opened_at);

create view salesforce.casehistory as
select
    '017' || lpad((10 * claim_no + step)::varchar, 12, '0') || 'AAA' as Id,
    '500' || lpad(claim_no::varchar, 12, '0') || 'AAA' as CaseId,
    'Status' as Field,
    old as OldValue,
    new as NewValue,
    '005' || lpad(owner::varchar, 12, '0') || 'AAA' as CreatedById,
    moment as CreatedDate
from life.claim_step
inner join life.claim using (sk)
where happened(moment)
union all
select
    '017' || lpad((10 * claim_no)::varchar, 12, '0') || 'AAA',
    '500' || lpad(claim_no::varchar, 12, '0') || 'AAA', 'created', null, null,
    '005' || lpad(owner::varchar, 12, '0') || 'AAA', opened_at
from life.claim
where happened(opened_at);

create view salesforce.task as
select
    '00T' || lpad(contact_no::varchar, 12, '0') || 'AAA' as Id,
    '001' || lpad(c::varchar, 12, '0') || 'AAA' as AccountId,
    null::varchar as WhatId,
    '005' || lpad(agent::varchar, 12, '0') || 'AAA' as OwnerId,
    kind as Type,
    kind as TaskSubtype,
    case when kind = 'Call' then 'Inbound' end as CallType,
    case when kind = 'Call' then 60 + floor(600 * u('duration', ck))::bigint end
        as CallDurationInSeconds,
    topic || ' ' || sale_number.name as Subject,
    'Completed' as Status,
    local_time(moment)::date as ActivityDate,
    moment as CreatedDate,
    moment as SystemModstamp,
    topic as Topic__c,
    case co when 1 then getvariable('french_name') else getvariable('italian_name') end as Company__c
from life.contact
inner join life.sale_number using (k)
where happened(moment);

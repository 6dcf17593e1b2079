-- One row per order of which something was invoiced: when all that was ordered had left and had been
-- invoiced or come back, which a later credit note does not undo.
with

order_lines as (
    select *
    from {{ raw('odoo', 'sale_order_line') }}
    where display_type is null and not coalesce(is_downpayment, false) and product_uom_qty > 0
),

postings as (
    select
        source_id,
        res_id as move_id,
        max(occurred_at) as posted_at
    from {{ ref('stg_odoo__status_changes') }}
    where model = 'account.move' and field_name = 'state' and to_value = 'posted'
    group by source_id, res_id
),

customer_locations as (
    select * from {{ raw('odoo', 'stock_location') }}
    where usage = 'customer'
),

stock_moves as (
    select
        moves.source_id,
        moves.sale_line_id,
        moves.date as occurred_at,
        case when destinations.id is not null then moves.quantity else 0 end as shipped,
        case when origins.id is not null then moves.quantity else 0 end as returned
    from {{ raw('odoo', 'stock_move') }} as moves
    left join customer_locations as origins
        on moves.source_id = origins.source_id and moves.location_id = origins.id
    left join customer_locations as destinations
        on moves.source_id = destinations.source_id and moves.location_dest_id = destinations.id
    where moves.state = 'done' and moves.sale_line_id is not null
),

events as (
    select
        order_lines.source_id,
        order_lines.order_id,
        order_lines.id as order_line_id,
        order_lines.product_uom_qty as ordered,
        coalesce(postings.posted_at, moves.create_date) as occurred_at,
        case when moves.move_type <> 'out_refund' then invoice_lines.quantity else 0 end as invoiced,
        case when moves.move_type = 'out_refund' then invoice_lines.quantity else 0 end as credited,
        0 as shipped,
        0 as returned
    from {{ raw('odoo', 'sale_order_line_invoice_rel') }} as links
    inner join order_lines
        on links.source_id = order_lines.source_id and links.order_line_id = order_lines.id
    inner join {{ raw('odoo', 'account_move_line') }} as invoice_lines
        on links.source_id = invoice_lines.source_id and links.invoice_line_id = invoice_lines.id
    inner join {{ raw('odoo', 'account_move') }} as moves
        on invoice_lines.source_id = moves.source_id and invoice_lines.move_id = moves.id
    left join postings
        on moves.source_id = postings.source_id and moves.id = postings.move_id
    where moves.state = 'posted'

    union all

    select
        order_lines.source_id,
        order_lines.order_id,
        order_lines.id as order_line_id,
        order_lines.product_uom_qty as ordered,
        stock_moves.occurred_at,
        0 as invoiced,
        0 as credited,
        stock_moves.shipped,
        stock_moves.returned
    from stock_moves
    inner join order_lines
        on stock_moves.source_id = order_lines.source_id and stock_moves.sale_line_id = order_lines.id
),

-- What happens in one instant happens together.
running as (
    select
        source_id,
        order_id,
        order_line_id,
        ordered,
        occurred_at,
        sum(shipped) over (partition by source_id, order_line_id) as shipped_in_all,
        {%- for quantity in ['invoiced', 'credited', 'shipped', 'returned'] %}
        sum({{ quantity }}) over (
            partition by source_id, order_line_id order by occurred_at
            range between unbounded preceding and current row
        ) as {{ quantity }}{{ ',' if not loop.last }}
        {%- endfor %}
    from events
),

-- Goods that came back need no invoice; the credit note for them takes off what they had been invoiced.
-- What is never shipped, as services are, has no shipment to wait for.
billed_lines as (
    select
        source_id,
        order_id,
        order_line_id,
        min(
            case
                when
                    (shipped >= ordered or shipped_in_all = 0)
                    and invoiced - least(credited, returned) >= ordered - returned
                    then occurred_at
            end
        ) as billed_at
    from running
    group by source_id, order_id, order_line_id
),

billable as (
    select
        source_id,
        order_id,
        count(*) as line_count
    from order_lines
    group by source_id, order_id
),

invoicing as (
    select
        source_id,
        order_id,
        max(case when invoiced > 0 then occurred_at end) as last_invoiced_at
    from events
    group by source_id, order_id
)

select
    invoicing.source_id,
    invoicing.order_id,
    case when count(billed_lines.billed_at) = max(billable.line_count) then max(billed_lines.billed_at) end as billed_at,
    max(invoicing.last_invoiced_at) as last_invoiced_at
from invoicing
inner join billable
    on invoicing.source_id = billable.source_id and invoicing.order_id = billable.order_id
inner join billed_lines
    on invoicing.source_id = billed_lines.source_id and invoicing.order_id = billed_lines.order_id
group by invoicing.source_id, invoicing.order_id

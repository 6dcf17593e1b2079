"""All that happened between companies and customers, in one list."""

from __future__ import annotations

import pandas as pd

from tests.oracle.claims import claim_stretches, claims
from tests.oracle.contacts import contacts, crm_customers, customers_by_number
from tests.oracle.documents import (
    billing_types,
    document_status,
    order_lines,
    sales,
    share,
    shipped_lines,
    transfers,
)
from tests.oracle.oracle import Oracle
from tests.oracle.receivables import instalments_of_invoices, payment_methods
from tests.oracle.revenue import company_names, customer_names, groups
from tests.oracle.sources import Sources

_OPTIONAL = [
    "occurred_at",
    "document_id",
    "document_number",
    "channel",
    "amount_excl_tax",
    "amount_incl_tax",
    "score",
]


def customer_timeline(sources: Sources) -> pd.DataFrame:
    """Documents, money, reminders, disputes, claims, contacts and answers up to the as-of date."""
    parts = [
        *_sales(sources),
        *_transfers(sources),
        _invoices(sources),
        _payments(sources),
        _bounces(sources),
        _reminders(sources),
        _promises(sources),
        *_disputes(sources),
        *_claims(sources),
        _contacts(sources),
        _answers(sources),
    ]
    rows = pd.concat([part.reindex(columns=_COLUMNS) for part in parts], ignore_index=True)
    rows = rows[rows["occurred_on"] <= sources.day]
    head = groups(sources)
    head = pd.Series(customer_names(head).array, customer_names(head.index.to_series()))
    return rows.assign(
        customer_group_id=rows["customer_id"].map(head).fillna(rows["customer_id"]),
    )


_COLUMNS = [
    "company_id",
    "customer_id",
    "event_type",
    "event_id",
    "occurred_on",
    "detail",
    "currency_code",
    *_OPTIONAL,
]


def _currencies(sources: Sources, numbers: pd.Series) -> pd.Series:
    names = sources.table("odoo__res_currency").set_index("id")["name"]
    found: pd.Series = numbers.map(names)
    return found


# Documents --------------------------------------------------------------------------------------


def _sales(sources: Sources) -> list[pd.DataFrame]:
    rows = sales(sources)
    common = pd.DataFrame(
        {
            "company_id": company_names(rows["company_id"]),
            "customer_id": customer_names(rows["partner_id"]),
            "document_number": rows["name"],
            "channel": rows["channel"],
            "currency_code": _currencies(sources, rows["currency_id"]),
            "amount_excl_tax": rows["amount_untaxed"],
            "amount_incl_tax": rows["amount_total"],
        }
    )
    number = rows["id"].astype(str)
    quote, order = "erp/sale.quotation/" + number, "erp/sale.order/" + number
    ordered_at = rows["confirmed_at"].fillna(rows["order_began_at"])
    cancelled_by = rows["id"].map(_cancelled_by(sources)).fillna("unknown")
    status = document_status(sources)
    parts = [
        ("quote", rows["is_quote"], quote, rows["create_date"], quote.map(status)),
        ("order", rows["is_order"], order, ordered_at, order.map(status)),
        ("order_cancelled", rows["is_order"], order, rows["cancelled_at"], cancelled_by),
    ]
    return [
        common.assign(
            event_type=kind,
            event_id=name,
            document_id=name,
            occurred_at=at,
            occurred_on=sources.local_day(at),
            detail=detail,
        )[holds & at.notna()]
        for kind, holds, name, at, detail in parts
    ]


def _cancelled_by(sources: Sources) -> pd.Series:
    notes = sources.table("odoo__mail_message")
    notes = notes[(notes["model"] == "sale.order") & sources.happened(notes["date"])]
    words = {"Cancelled by the customer": "customer", "Cancelled by us": "us"}
    who = notes.set_index("res_id")["subject"].map(words).dropna()
    return who.groupby(level=0).last()


def _transfers(sources: Sources) -> list[pd.DataFrame]:
    rows = transfers(sources)
    rows = rows[rows["done_at"].notna()]
    worth = _worth(sources)
    sale = sales(sources)
    commercial = sources.table("odoo__res_partner").set_index("id")["commercial_partner_id"]
    buyer = rows["sale_id"].map(sale["partner_id"]).fillna(rows["partner_id"].map(commercial))
    currency = _currencies(sources, rows["sale_id"].map(sale["currency_id"]))
    name = "erp/stock.picking/" + rows["id"].astype(str)
    common = pd.DataFrame(
        {
            "company_id": company_names(rows["company_id"]),
            "customer_id": customer_names(buyer),
            "event_id": name,
            "document_id": name,
            "document_number": rows["name"],
            "channel": rows["channel"],
            "occurred_at": rows["done_at"],
            "occurred_on": sources.local_day(rows["done_at"]),
            "currency_code": currency.fillna("EUR"),
            "detail": rows["sale_id"].isna().map({True: "sample", False: "sale"}),
            "amount_excl_tax": rows["id"].map(worth["net"]).fillna(0),
            "amount_incl_tax": rows["id"].map(worth["gross"]).fillna(0),
        }
    )
    returned = rows["is_return"]
    return [
        common[~returned].assign(event_type="shipment"),
        common[returned].assign(event_type="goods_returned", detail="return"),
    ]


def _worth(sources: Sources) -> pd.DataFrame:
    """What each transfer is worth of its order, in the order's currency."""
    lines = shipped_lines(sources)
    lines = lines[lines["sale_line_id"].notna()]
    served = order_lines(sources).reindex(lines["sale_line_id"])
    parts = {
        what: [
            share(total, units, ordered)
            for total, units, ordered in zip(
                served[amount], lines["units"], served["product_uom_qty"], strict=True
            )
        ]
        for what, amount in (("net", "price_subtotal"), ("gross", "price_total"))
    }
    return pd.DataFrame(parts).groupby(lines["picking_id"].to_numpy()).sum()


def _invoices(sources: Sources) -> pd.DataFrame:
    # What counts is the invoice date, whenever it was entered (docs/DECISIONS.md).
    moves = sources.table("odoo__account_move").set_index("id", drop=False)
    rows = moves[moves["move_type"].isin(["out_invoice", "out_refund"])].copy()
    rows["document_type"] = rows["id"].map(billing_types(sources))
    is_issued = (rows["state"] == "posted") & (rows["l10n_it_edi_state"].fillna("") != "rejected")
    rows = rows[is_issued & (rows["invoice_date"] <= sources.day)]
    name = "erp/account.move/" + rows["id"].astype(str)
    is_credit = rows["document_type"] == "credit_note"
    sign = is_credit.map({True: -1, False: 1})
    orders = sources.table("odoo__sale_order").set_index("name")["partner_id"]
    buyer = rows["invoice_origin"].map(orders)
    status = name.map(document_status(sources)).fillna("invoiced")
    return pd.DataFrame(
        {
            "company_id": company_names(rows["company_id"]),
            "customer_id": customer_names(buyer.fillna(rows["commercial_partner_id"])),
            "event_type": rows["document_type"],
            "event_id": name,
            "document_id": name,
            "document_number": rows["name"],
            "channel": "generated",
            "occurred_on": rows["invoice_date"],
            "currency_code": _currencies(sources, rows["currency_id"]),
            "detail": status.mask(is_credit, rows["ref"]),
            "amount_excl_tax": sign * rows["amount_untaxed"],
            "amount_incl_tax": sign * (rows["amount_untaxed"] + _taxes(sources, rows)),
        }
    )


def _taxes(sources: Sources, moves: pd.DataFrame) -> pd.Series:
    """Tax of each invoice, also what a public customer keeps, which Odoo takes off again."""
    lines = sources.table("odoo__account_move_line")
    lines = lines[lines["display_type"] == "tax"]
    is_refund = lines["move_id"].map(moves["move_type"]) == "out_refund"
    tax = lines["amount_currency"].where(is_refund, -lines["amount_currency"])
    sums = tax[tax > 0].groupby(lines["move_id"]).sum()
    return sums.reindex(moves.index).fillna(0)


# Money ------------------------------------------------------------------------------------------


def _payments(sources: Sources) -> pd.DataFrame:
    rows = sources.table("odoo__account_payment").set_index("id", drop=False)
    moves = sources.table("odoo__account_move").set_index("id")
    rows = rows[rows["move_id"].map(moves["state"]) == "posted"]
    is_refund = rows["payment_type"] == "outbound"
    method = rows["id"].map(payment_methods(sources))
    return pd.DataFrame(
        {
            "company_id": company_names(rows["move_id"].map(moves["company_id"])),
            "customer_id": customer_names(rows["partner_id"]),
            "event_type": is_refund.map({True: "refund", False: "payment"}),
            "event_id": "erp/account.payment/" + rows["id"].astype(str),
            "document_number": rows["move_id"].map(moves["name"]),
            "channel": method,
            "occurred_on": rows["move_id"].map(moves["date"]),
            "currency_code": _currencies(sources, rows["currency_id"]),
            "detail": method,
            "amount_incl_tax": rows["amount"].where(~is_refund, -rows["amount"]),
        }
    )


def _bounces(sources: Sources) -> pd.DataFrame:
    links = sources.table("odoo__account_move_line_payment_return_line_rel")
    line = sources.table("odoo__account_move_line").set_index("id")
    returned = sources.table("odoo__payment_return_line").set_index("id")
    reasons = sources.table("odoo__payment_return_reason").set_index("id")["name"]
    payment = links["move_line_id"].map(line["payment_id"]).astype("int64")
    moves = sources.table("odoo__account_payment").set_index("id")["move_id"]
    names = sources.table("odoo__account_move").set_index("id")["name"]
    back = returned.reindex(links["line_id"]).set_axis(links.index)
    return pd.DataFrame(
        {
            "company_id": company_names(links["move_line_id"].map(line["company_id"])),
            "customer_id": customer_names(links["move_line_id"].map(line["partner_id"])),
            "event_type": "payment_rejected",
            "event_id": "erp/payment.return.line/"
            + links["line_id"].astype(str)
            + "/erp/account.payment/"
            + payment.astype(str),
            "document_number": payment.map(moves).map(names),
            "channel": payment.map(payment_methods(sources)),
            "occurred_on": back["date"],
            "currency_code": "EUR",
            "detail": back["reason_id"].map(reasons),
            "amount_incl_tax": back["amount"],
        }
    )


def _reminders(sources: Sources) -> pd.DataFrame:
    letters = sources.table("odoo__credit_control_line")
    letters = letters[letters["state"] == "sent"]
    lines = sources.table("odoo__account_move_line").set_index("id")
    levels = sources.table("odoo__credit_control_policy_level").set_index("id")["level"]
    level = letters["policy_level_id"].map(levels).astype(str)
    move = letters["move_line_id"].map(lines["move_id"]).astype("int64")
    written = pd.DataFrame(
        {
            "company_id": company_names(letters["company_id"]),
            "customer_id": customer_names(letters["partner_id"]),
            "event_id": "erp/credit.control.line/" + letters["id"].astype(str),
            "document_id": _of_invoice(sources, move),
            "channel": letters["channel"],
            "occurred_on": letters["date_sent"].fillna(letters["date"]),
            "currency_code": _invoice_currency(sources, move),
            "detail": "level_" + level + "_sent",
            "amount_incl_tax": letters["balance_due"],
        }
    )
    calls = _noted(sources, "sheets__dunning_actions", "dunning.action").assign(
        occurred_on=lambda rows: rows["action_date"],
        detail=lambda rows: "level_" + rows["level"].astype(str) + "_" + rows["result"],
    )
    return pd.concat([written, calls], ignore_index=True).assign(event_type="reminder")


def _promises(sources: Sources) -> pd.DataFrame:
    return _noted(sources, "sheets__payment_promises", "payment.promise").assign(
        event_type="payment_promise",
        channel=None,
        occurred_on=lambda rows: rows["made_on"],
        detail=lambda rows: "for_" + rows["promised_date"].dt.strftime("%Y-%m-%d"),
    )


def _disputes(sources: Sources) -> list[pd.DataFrame]:
    rows = _noted(sources, "sheets__disputes", "dispute").assign(
        channel=None, detail=lambda rows: rows["reason"]
    )
    return [
        rows.assign(event_type=f"dispute_{what}", occurred_on=rows[f"{what}_on"])
        for what in ("opened", "closed")
    ]


def _noted(sources: Sources, table: str, kind: str) -> pd.DataFrame:
    """Rows of a team's sheet about an invoice."""
    rows = sources.table(table)
    moves = sources.table("odoo__account_move")
    by_name = moves[moves["name"] != "/"].set_index("name")["id"]
    move = rows["invoice_number"].map(by_name).astype("Int64")
    return rows.assign(
        company_id=company_names(rows["company"].map(sources.company_names)),
        customer_id=rows["customer_number"].map(customers_by_number(sources)),
        event_id=f"sheets/{kind}/" + rows["reference"],
        document_id=_of_invoice(sources, move),
        currency_code=_invoice_currency(sources, move),
        amount_incl_tax=rows["amount"],
    )


def _of_invoice(sources: Sources, move: pd.Series) -> pd.Series:
    """Key of an invoice that counts."""
    lines = {line for of in instalments_of_invoices(sources).values() for line in of}
    known = sources.table("odoo__account_move_line").set_index("id")["move_id"]
    counting = set(known[known.index.isin(lines)])
    names = "erp/account.move/" + move.astype("Int64").astype(str)
    return names.where(move.isin(counting), None)


def _invoice_currency(sources: Sources, move: pd.Series) -> pd.Series:
    moves = sources.table("odoo__account_move").set_index("id")["currency_id"]
    return _currencies(sources, move.map(moves)).fillna("EUR")


# Service ----------------------------------------------------------------------------------------


def _claims(sources: Sources) -> list[pd.DataFrame]:
    claim = claims(sources)
    case = sources.table("salesforce__case").set_index("Id").reindex(claim["claim"])
    case = case.set_axis(claim.index)
    pickings = sources.table("odoo__stock_picking").set_index("name")["id"]
    common = pd.DataFrame(
        {
            "company_id": claim["company_id"],
            "customer_id": case["AccountId"].map(crm_customers(sources)),
            "event_id": "crm/case/" + claim["claim"],
            "document_id": "erp/stock.picking/"
            + case["Delivery_Reference__c"].map(pickings).astype("Int64").astype(str),
            "document_number": case["CaseNumber"],
            "channel": claim["channel"],
            "currency_code": "EUR",
            "detail": claim["claim_reason"],
        }
    )
    stretches = claim_stretches(sources).sort_values("number").drop_duplicates("claim", keep="last")
    ended = claim["claim"].map(stretches.set_index("claim")["ended_at"]).astype("datetime64[us]")
    return [
        common.assign(event_type=kind, occurred_at=at, occurred_on=sources.local_day(at))[
            at.notna()
        ]
        for kind, at in (("claim_received", claim["opened_at"]), ("claim_resolved", ended))
    ]


def _contacts(sources: Sources) -> pd.DataFrame:
    rows = contacts(sources)
    return rows.assign(
        event_type="contact",
        occurred_at=rows["at"],
        occurred_on=rows["day"],
        detail=rows["topic"],
        currency_code="EUR",
    )


def _answers(sources: Sources) -> pd.DataFrame:
    rows = sources.table("sheets__survey_responses")
    rows = rows[sources.happened(rows["answered_at"])]
    return rows.assign(
        company_id=company_names(rows["company"].map(sources.company_names)),
        customer_id=rows["customer_number"].map(customers_by_number(sources)),
        event_type="survey_answer",
        event_id="sheets/survey.response/" + rows["reference"],
        occurred_at=rows["answered_at"],
        occurred_on=sources.local_day(rows["answered_at"]),
        detail=rows["question"],
        currency_code="EUR",
    )


ORACLES = {
    "customer_timeline": Oracle(customer_timeline, ["event_type", "event_id"]),
}

"""How long customers take to pay, and what is at risk with them."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import pandas as pd

from tests.oracle import receivables as owed
from tests.oracle.documents import invoice_lines, order_lines, sales, share, shipped_lines
from tests.oracle.marts.receivables import open_items
from tests.oracle.oracle import Oracle
from tests.oracle.order_book import Movement, booked_lines, movements, reversals
from tests.oracle.revenue import groups
from tests.oracle.settlements import instalments, settlements
from tests.oracle.sources import Sources, derived

_RATIO = 1_000_000
"""Ratios and days have six decimals."""

_OWED = ["trade", "doubtful", "bills_in_hand", "bills_discounted", "factor"]
"""Roles of accounts that hold receivables."""


def month_of(days: pd.Series) -> pd.Series:
    """First day of each day's month."""
    first: pd.Series = days.dt.to_period("M").dt.to_timestamp()
    return first


def ratio(part: Any, whole: Any, factor: int = 1) -> Any:
    """Part / whole in millionths, empty where the whole is 0."""
    whole = pd.to_numeric(whole).astype("Float64")
    part = pd.to_numeric(part).astype("Float64") * (factor * _RATIO)
    return (part / whole.where(whole != 0)).round()


@derived
def credit_sales(sources: Sources) -> pd.DataFrame:
    """Net sales of each company and month of its history, in what customers owe."""
    billed = instalments(sources)
    billed = billed[billed["document_type"] != "deposit_invoice"]
    paid = settlements(sources)
    paid = paid[paid["paid_on"] <= paid["instalment"].map(billed["date"])]
    prepaid = paid.groupby("instalment")["company_amount"].sum()
    is_invoice = billed["document_type"] == "invoice"
    sold = billed["balance"] - billed["id"].map(prepaid).where(is_invoice).fillna(0).astype("int64")
    sums = sold.groupby([billed["company_id"], month_of(billed["date"])]).sum()
    found = []
    for company in sorted(set(billed["company_id"])):
        own = sums[company]
        months = pd.date_range(own.index.min(), sources.day, freq="MS")
        last = (months + pd.offsets.MonthEnd(0)).where(
            months + pd.offsets.MonthEnd(0) <= sources.day, sources.day
        )
        frame = pd.DataFrame({"company": company, "month_start": months, "last_day": last})
        frame["sales"] = own.reindex(months).fillna(0).astype("int64").array
        found.append(frame)
    rows = pd.concat(found, ignore_index=True)
    rows["days"] = (rows["last_day"] - rows["month_start"]).dt.days + 1
    return rows


def _countback(receivable: int, months: list[tuple[int, int]]) -> tuple[float, int, bool]:
    """Days of the newest months whose sales the receivables absorb, their number, if capped."""
    days, reached = 0.0, 0
    for sold, month_days in reversed(months):
        if receivable <= 0:
            break
        reached += 1
        if sold <= 0:
            days += month_days
        else:
            absorbed = min(receivable, sold)
            days += month_days * absorbed / sold
            receivable -= absorbed
    return days, reached, receivable > 0


def dso_monthly(sources: Sources) -> pd.DataFrame:
    """Days of sales outstanding by each of the usual measures, with their parts."""
    items = open_items(sources)
    is_deposit = (items["item_type"] == "deposit_invoice").to_numpy()
    may_bounce = (items["item_type"] == "bill") & items["days_late"].isna()
    sales = credit_sales(sources)
    found = []
    for scope, counts in (
        ("with_bills_and_factored", items.index == items.index),
        ("without_bills_and_factored", ~may_bounce & (items["account_role"] != "factor")),
    ):
        held = items[items["account_role"].isin(_OWED) & ~is_deposit & counts]
        sums = held.groupby(["company", "as_of_date"])[
            ["company_open_amount", "company_overdue_amount"]
        ].sum()
        found.append(
            sales.join(sums, on=["company", "last_day"])
            .fillna({"company_open_amount": 0, "company_overdue_amount": 0})
            .assign(receivable_scope=scope)
        )
    rows = pd.concat(found, ignore_index=True)
    of = rows.groupby(["company", "receivable_scope"])
    rows["window_month_count"] = of.cumcount().clip(upper=2) + 1
    for column, name in (("days", "window_days"), ("sales", "window_sales")):
        window = of[column].rolling(3, min_periods=1).sum().droplevel([0, 1])
        rows[name] = window.round().astype("int64")
    opening = of["company_open_amount"].shift(1)
    owed_now, late = rows["company_open_amount"], rows["company_overdue_amount"]
    whole = rows["window_sales"].where(
        (rows["window_month_count"] == 3) & (rows["window_sales"] > 0)
    )
    history = {
        company: list(zip(own["sales"], own["days"], strict=True))
        for company, own in sales.groupby("company")
    }
    back = [
        _countback(int(amount), history[company][: number + 1])
        for amount, company, number in zip(owed_now, rows["company"], of.cumcount(), strict=True)
    ]
    unknown = items[items["account_role"] == "unknown"]
    unknown_sums = unknown.groupby(["company", "as_of_date"])["company_open_amount"].sum()
    result = pd.DataFrame(
        {
            "company_id": "erp/res.company/" + rows["company"].astype(str),
            "month_start": rows["month_start"],
            "receivable_scope": rows["receivable_scope"],
            "as_of_date": rows["last_day"],
            "is_month_over": rows["last_day"] == rows["month_start"] + pd.offsets.MonthEnd(0),
            "currency_code": "EUR",
            "company_receivable_amount_incl_tax": owed_now,
            "company_current_amount_incl_tax": owed_now - late,
            "company_overdue_amount_incl_tax": late,
            "company_unknown_role_amount_incl_tax": unknown_sums.reindex(
                pd.MultiIndex.from_frame(rows[["company", "last_day"]])
            )
            .fillna(0)
            .array,
            "company_sales_amount_incl_tax": rows["sales"],
            "window_month_count": rows["window_month_count"],
            "window_days": rows["window_days"],
            "company_window_sales_amount_incl_tax": rows["window_sales"],
            "dso_simple_days": ratio(owed_now * rows["window_days"], whole),
            "dso_countback_days": [round(days * _RATIO) for days, _, _ in back],
            "countback_month_count": [number for _, number, _ in back],
            "is_countback_capped": [capped for _, _, capped in back],
            "best_possible_dso_days": ratio((owed_now - late) * rows["window_days"], whole),
            "delinquent_days": ratio(late * rows["window_days"], whole),
            "company_opening_receivable_amount_incl_tax": opening,
            "company_collected_amount_incl_tax": opening + rows["sales"] - owed_now,
            "company_collectable_amount_incl_tax": opening + rows["sales"] - owed_now + late,
        }
    )
    result["collection_effectiveness_percent"] = ratio(
        result["company_collected_amount_incl_tax"],
        result["company_collectable_amount_incl_tax"],
        100,
    )
    paid = _paid(sources)
    return result.merge(paid, on=["company_id", "month_start"], how="left").fillna(
        {column: 0 for column in paid if column not in ("average_days_late_on_paid_items",)}
    )


def _paid(sources: Sources) -> pd.DataFrame:
    """What was paid with money for invoices in each month, and how late."""
    billed = instalments(sources)
    rows = (
        settlements(sources)
        .dropna(subset=["paid_on"])
        .join(billed[["company_id", "document_type", "date_maturity"]], on="instalment")
    )
    rows = rows[rows["document_type"] == "invoice"]
    late = (rows["paid_on"] - rows["date_maturity"]).dt.days
    rows = rows.assign(
        company_id="erp/res.company/" + rows["company_id"].astype(str),
        month_start=month_of(rows["paid_on"]),
        amount_days=rows["company_amount"] * late,
    )
    sums = rows.groupby(["company_id", "month_start"]).agg(
        paid_piece_count=("instalment", "size"),
        company_paid_amount_incl_tax=("company_amount", "sum"),
        company_paid_amount_days=("amount_days", "sum"),
    )
    sums["average_days_late_on_paid_items"] = ratio(
        sums["company_paid_amount_days"], sums["company_paid_amount_incl_tax"]
    )
    return sums.reset_index()


# Exposure ---------------------------------------------------------------------------------------

_PARTS = [
    "trade",
    "bills_in_hand",
    "discounted",
    "factored_with_recourse",
    "delivered_not_invoiced",
    "open_orders",
    "deposits",
    "unallocated",
]


@derived
def line_payers(sources: Sources) -> pd.DataFrame:
    """Order, company and payer of each order line."""
    lines = order_lines(sources)[["order_id"]]
    sale = sales(sources)
    commercial = sources.table("odoo__res_partner").set_index("id")["commercial_partner_id"]
    payer = sale["partner_invoice_id"].map(commercial)
    return lines.assign(
        company=lines["order_id"].map(sale["company_id"]), partner=lines["order_id"].map(payer)
    )


@derived
def open_lines(sources: Sources) -> pd.DataFrame:
    """What of each order line is open in a book at each month end, and its net value."""
    ends = owed.month_ends(sources)
    by_line: dict[tuple[int, str], list[Movement]] = {}
    for move in movements(sources):
        by_line.setdefault((move.line, move.book), []).append(move)
    found = []
    for (line, book), steps in by_line.items():
        seen_at = [bisect_left(ends, move.day) for move in steps] + [len(ends)]
        for move, since, until in zip(steps, seen_at, seen_at[1:], strict=False):
            if move.after:
                found += [(day, book, line, move.value_after) for day in ends[since:until]]
    rows = pd.DataFrame(found, columns=["as_of_date", "book", "line", "value"])
    return rows.astype({"line": "int64"}).join(line_payers(sources), on="line")


def with_tax(sources: Sources, lines: pd.DataFrame, key: list[str]) -> pd.Series:
    """Values of open lines by key, each line taxed by the ratio of its order's totals."""
    rows = lines.copy()
    sale = sales(sources)
    net, gross = (rows["order_id"].map(sale[f"amount_{of}"]) for of in ("untaxed", "total"))
    parts = zip(rows["value"], gross, net, strict=True)
    rows["taxed"] = [share(v, g, n) if n else v for v, g, n in parts]
    found: pd.Series = rows.groupby(key)["taxed"].sum()
    return found


def _deposits(sources: Sources) -> pd.DataFrame:
    """Deposits invoiced, and taken back by the final invoices that deduct them."""
    moves = sources.table("odoo__account_move").set_index("id")
    lines = invoice_lines(sources)
    lines = lines[lines["is_downpayment"].fillna(False)]
    billed = instalments(sources).drop_duplicates("move_id").set_index("move_id")
    lines = lines[lines["move_id"].isin(billed.index)]
    return pd.DataFrame(
        {
            "day": lines["move_id"].map(billed["date"]),
            "company": lines["company_id"],
            "partner": lines["move_id"].map(moves["commercial_partner_id"]),
            "amount": lines["price_total"],
        }
    )


def _limits(sources: Sources) -> pd.DataFrame:
    """Credit limits of both kinds, of the ERP and of the team's sheet."""
    properties = sources.table("odoo__ir_property")
    rows = properties[properties["name"] == "credit_limit"]
    own = pd.DataFrame(
        {
            "kind": "internal",
            "company": rows["company_id"],
            "partner": rows["res_id"].str.split(",").str[1].astype("int64"),
            "amount": rows["value_float"],
            "valid_from": sources.local_day(rows["write_date"]),
            "valid_to": pd.NaT,
        }
    )
    rows = sources.table("sheets__credit_limits")
    partners = sources.table("odoo__res_partner").dropna(subset=["ref"])
    listed = pd.DataFrame(
        {
            "kind": rows["limit_kind"],
            "company": rows["company"].map(sources.company_names),
            "partner": rows["customer_number"].map(partners.set_index("ref")["id"]),
            "amount": rows["amount"],
            "valid_from": rows["valid_from"],
            "valid_to": rows["valid_to"],
        }
    )
    return pd.concat([own, listed], ignore_index=True)


def customer_exposure(sources: Sources) -> pd.DataFrame:
    """What is at risk with each payer at each month end, against the limits in force."""
    key = ["as_of_date", "company", "partner"]
    items = open_items(sources)
    part = items["account_role"].map(
        {"bills_in_hand": "bills_in_hand", "bills_discounted": "discounted"}
    )
    part = part.fillna("trade").where(items["receivable_amount"] == items["open_amount"])
    parts = [items.assign(part=part.fillna("unallocated"), amount=items["company_open_amount"])]
    parts[0].loc[part.isna(), "amount"] *= -1
    lines = with_tax(sources, open_lines(sources), [*key, "book"]).rename("amount").reset_index()
    names = {"to_deliver": "open_orders", "to_invoice": "delivered_not_invoiced"}
    parts.append(lines.assign(part=lines["book"].map(names)))
    deposits = _deposits(sources)
    for day in owed.month_ends(sources):
        parts.append(deposits[deposits["day"] <= day].assign(as_of_date=day, part="deposits"))
    every = pd.concat([rows[[*key, "part", "amount"]] for rows in parts])
    every["amount"] = every["amount"].astype("int64")
    sums = every.pivot_table("amount", key, "part", "sum", fill_value=0)
    sums = sums.reindex(columns=_PARTS, fill_value=0)
    sums = sums[(sums != 0).any(axis=1)]
    limits = _limits(sources)
    granted = {
        kind: _limit_at(sources, limits[limits["kind"] == kind]) for kind in ("internal", "insured")
    }
    payers = sums.assign(payer_count=1)
    head = groups(sources)
    levels = [
        _exposed(payers, granted).assign(exposure_level="customer"),
        _exposed(
            _at_heads(payers, head), {kind: _at_heads(own, head) for kind, own in granted.items()}
        ).assign(exposure_level="group"),
    ]
    rows = pd.concat(levels).reset_index()
    rows["is_latest"] = rows["as_of_date"] == sources.day
    rows["company_id"] = "erp/res.company/" + rows["company"].astype(str)
    rows["customer_id"] = "erp/res.partner/" + rows["partner"].astype(str)
    return rows.assign(currency_code="EUR")


def _at_heads(values: pd.DataFrame, head: pd.Series) -> pd.DataFrame:
    """Sums over the members of each group, at its head."""
    rows = values.reset_index(level="partner")
    return rows.assign(partner=rows["partner"].map(head)).groupby(values.index.names).sum()


def _exposed(sums: pd.DataFrame, limits: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Exposure from its parts, against the limits in force."""
    exposure = sums[_PARTS[:6]].sum(axis=1) - sums[_PARTS[6:]].sum(axis=1)
    rows = sums[_PARTS].add_prefix("company_").add_suffix("_amount_incl_tax")
    rows["payer_count"] = sums["payer_count"]
    rows["company_exposure_amount_incl_tax"] = exposure
    rows["company_factored_without_recourse_amount_incl_tax"] = 0
    for kind, granted in limits.items():
        limit = granted["amount"].reindex(rows.index).astype("Int64")
        rows[f"company_{kind}_limit_amount"] = limit
        rows[f"company_{kind}_overrun_amount"] = (exposure - limit).clip(lower=0)
        rows[f"{kind}_limit_share"] = ratio(exposure, limit)
    return rows


def _limit_at(sources: Sources, limits: pd.DataFrame) -> pd.DataFrame:
    """The limit granted last of those in force at each month end; of one day, the lower."""
    limits = limits.sort_values(["valid_from", "amount"], ascending=[True, False])
    found = []
    for day in owed.month_ends(sources):
        in_force = (limits["valid_from"] <= day) & ~(limits["valid_to"] < day)
        last = limits[in_force].groupby(["company", "partner"])[["amount"]].last()
        found.append(pd.concat({day: last}, names=["as_of_date"]))
    return pd.concat(found).astype("Int64")


# Bounces ----------------------------------------------------------------------------------------


def rejected_payments(sources: Sources) -> pd.DataFrame:
    """Payments that came back, what they reopened, and what has come in for it since."""
    lines = owed.receivable_lines(sources)
    returned = sources.table("odoo__payment_return_line").set_index("id")
    reasons = sources.table("odoo__payment_return_reason").set_index("id")["name"]
    names = sources.table("odoo__account_move").set_index("id")["name"]
    currencies = sources.table("odoo__res_currency").set_index("id")["name"]
    rows = owed.bounces(sources)
    rows = rows[rows["bounced_on"] <= sources.day].copy()
    rows["id"] = (
        "erp/payment.return.line/"
        + rows["line_id"].astype(str)
        + "/erp/account.payment/"
        + rows["payment_id"].astype(str)
    )
    rows = rows.sort_values(["bounced_on", "id"]).reset_index(drop=True)
    of_customer = rows.groupby(["company_id", "partner_id"])
    number = of_customer.cumcount() + 1
    in_year = [
        sum(pd.Timedelta(0) <= day - other < pd.Timedelta(days=365) for other in own[:n])
        for day, own, n in zip(
            rows["bounced_on"],
            of_customer["bounced_on"].transform(lambda days: [list(days)] * len(days)),
            number,
            strict=True,
        )
    ]
    reopens = rows["instalment"].notna()
    amount = rows["company_amount"].where(reopens, 0)
    balance = owed.position_changes(sources)
    balance = balance[balance["day"] <= sources.day].groupby(["item", "day"])
    balance = balance["company_amount"].sum().groupby(level=0).cumsum()
    money = settlements(sources)
    money = money[money["is_money"] & money["bounced_on"].isna()]
    repaid: list[int] = []
    still_open: list[int] = []
    settled_on: list[Any] = []
    for row in rows.itertuples():
        if pd.isna(row.instalment):
            repaid, still_open, settled_on = [*repaid, 0], [*still_open, 0], [*settled_on, pd.NaT]
            continue
        since = (money["instalment"] == row.instalment) & (money["effective"] >= row.bounced_on)
        repaid.append(min(row.company_amount, money.loc[since, "company_amount"].sum()))
        left = balance[str(int(row.instalment))]
        still_open.append(min(row.company_amount, left.iloc[-1]))
        settled = left.index[-1] if left.iloc[-1] == 0 else pd.NaT
        settled_on.append(settled)
    bill = lines["part"] == "bill drawn"
    maturity = lines[bill].set_index("payment_id")["date_maturity"]
    settled_days = pd.Series(pd.to_datetime(settled_on), rows.index)
    return pd.DataFrame(
        {
            "company_id": "erp/res.company/" + rows["company_id"].astype(str),
            "payment_rejection_id": rows["id"],
            "rejected_on": rows["bounced_on"],
            "customer_id": "erp/res.partner/" + rows["partner_id"].astype(str),
            "payment_id": "erp/account.payment/" + rows["payment_id"].astype(str),
            "payment_number": rows["move_line_id"].map(lines["move_id"]).map(names),
            "payment_method": rows["payment_id"].map(owed.payment_methods(sources)),
            "payment_date": rows["paid_on"],
            "maturity_date": rows["payment_id"].map(maturity),
            "reason": rows["line_id"].map(returned["reason_id"]).map(reasons).fillna("unknown"),
            "payment_currency_code": rows["move_line_id"].map(lines["currency_id"]).map(currencies),
            "amount": rows["amount"],
            "currency_code": "EUR",
            "company_amount": rows["company_amount"],
            "company_fee_amount": rows["line_id"].map(returned["expense_amount"]),
            "reopened_instalment_count": reopens.astype(int),
            "reopened_document_count": reopens.astype(int),
            "first_due_date": rows["instalment"].map(lines["date_maturity"]),
            "company_reopened_amount": amount,
            "company_unmatched_amount": rows["company_amount"] - amount,
            "company_repaid_amount": repaid,
            "company_still_open_amount": still_open,
            "settled_on": settled_days,
            "days_to_settle": (settled_days - rows["bounced_on"]).dt.days,
            "customer_rejection_number": number,
            "customer_rejection_count_12_months": in_year,
        }
    )


# Closings ------------------------------------------------------------------------

_DELAYS = {"days_1_30": (1, 30), "days_31_60": (31, 60), "days_61_90": (61, 90)}
_DELAYS |= {"days_91_plus": (91, 99_999), "total": (1, 99_999)}


def _turnover(sources: Sources) -> pd.DataFrame:
    """Invoices less credit notes with tax, without deposits, in company currency, by day."""
    lines = invoice_lines(sources)
    billed = instalments(sources).drop_duplicates("move_id").set_index("move_id")
    lines = lines[lines["move_id"].isin(billed.index) & ~lines["is_downpayment"].fillna(False)]
    moves = sources.table("odoo__account_move").set_index("id")
    gross = lines.groupby("move_id")["price_total"].sum()
    total, company_total = moves["amount_total"], moves["amount_total_signed"]
    amounts = [
        share(amount, company_total[move], total[move]) if total[move] else 0
        for move, amount in gross.items()
    ]
    return pd.DataFrame(
        {
            "company": billed["company_id"].reindex(gross.index),
            "day": billed["date"].reindex(gross.index),
            "amount": amounts,
        },
        index=gross.index,
    )


def disputed_in_company_currency(items: pd.DataFrame) -> list[int]:
    """The disputed part of open items, in company currency."""
    columns = [items[name] for name in ("disputed_amount", "company_open_amount", "open_amount")]
    return [share(company, part, whole) for part, company, whole in zip(*columns, strict=True)]


def late_payment_statement(sources: Sources) -> pd.DataFrame:
    """Invoices due and not paid by delay, beside the turnover of the fiscal year."""
    items = open_items(sources)
    late = items[items["days_late"].notna() & (items["account_role"] != "factor")].copy()
    late["disputed"] = disputed_in_company_currency(late)
    late["undisputed"] = late["company_open_amount"] - late["disputed"]
    late["invoice"] = late["document_id"].fillna(late["open_item_id"])
    turnover = _turnover(sources)
    found = []
    for day in owed.month_ends(sources):
        start = pd.Timestamp(day.year, 1, 1)
        in_year = turnover[(turnover["day"] >= start) & (turnover["day"] <= day)]
        sold = in_year.groupby("company")["amount"].sum()
        for company in sources.countries:
            own = late[(late["as_of_date"] == day) & (late["company"] == company)]
            for bucket, (low, high) in _DELAYS.items():
                in_bucket = own[own["days_late"].between(low, high)]
                overdue, disputed = in_bucket["undisputed"], in_bucket["disputed"]
                found.append(
                    {
                        "as_of_date": day,
                        "is_latest": day == sources.day,
                        "company_id": f"erp/res.company/{company}",
                        "delay_bucket": bucket,
                        "fiscal_year_start": start,
                        "is_fiscal_year_end": (day.month, day.day) == (12, 31),
                        "tax_basis": "incl_tax",
                        "currency_code": "EUR",
                        "overdue_invoice_count": in_bucket.loc[overdue > 0, "invoice"].nunique(),
                        "company_overdue_amount_incl_tax": overdue.sum(),
                        "company_sales_amount_incl_tax": sold.get(company, 0),
                        "disputed_invoice_count": in_bucket.loc[disputed > 0, "invoice"].nunique(),
                        "company_disputed_amount_incl_tax": disputed.sum(),
                    }
                )
    rows = pd.DataFrame(found)
    rows["sales_share"] = ratio(
        rows["company_overdue_amount_incl_tax"], rows["company_sales_amount_incl_tax"]
    )
    return rows


_CLOSED = ["delivered_not_invoiced", "invoiced_not_delivered", "credit_notes_to_issue"]


def cut_off_monthly(sources: Sources) -> pd.DataFrame:
    """What the closing entries need: delivered not invoiced, and what was invoiced too early."""
    invoiced = open_lines(sources)
    invoiced = invoiced[invoiced["book"] == "to_invoice"]
    early = _invoiced_early(sources)
    open_parts = (invoiced, early[early["book"] == "early"], early[early["book"] == "back"])
    kinds = dict(zip(_CLOSED, open_parts, strict=True))
    key = ["company", "as_of_date"]
    months = credit_sales(sources)[["company", "month_start", "last_day"]]
    months = months.set_axis(["company", "month_start", "as_of_date"], axis=1)
    rows = months.set_index(key)
    for kind, lines in kinds.items():
        rows[f"{kind}_line_count"] = lines.groupby(key).size()
        rows[f"company_{kind}_amount_excl_tax"] = lines.groupby(key)["value"].sum()
        rows[f"company_{kind}_amount_incl_tax"] = with_tax(sources, lines, key)
    rows = rows.fillna(0).reset_index()
    for tax in ("excl", "incl"):
        more, *less = [rows[f"company_{kind}_amount_{tax}_tax"] for kind in kinds]
        rows[f"company_net_amount_{tax}_tax"] = more - less[0] - less[1]
    rows["company_id"] = "erp/res.company/" + rows["company"].astype(str)
    ends = rows["month_start"] + pd.offsets.MonthEnd(0)
    rows["is_month_over"] = rows["as_of_date"] == ends
    return rows.assign(currency_code="EUR")


def _invoiced_early(sources: Sources) -> pd.DataFrame:
    """Lines of goods invoiced beyond what was delivered, at each month end.

    As far as it came back uncredited a credit note is due, and only the rest was invoiced early.
    """
    lines = order_lines(sources)
    goods = lines[lines["is_goods"]]
    shipped = shipped_lines(sources)
    shipped = shipped[shipped["done_at"].notna() & shipped["sale_line_id"].isin(goods.index)]
    booked = booked_lines(sources)
    whole = booked["move_id"].isin(reversals(sources))
    is_credit = booked["document_type"] == "credit_note"
    back = shipped["is_return"]
    parts = {
        "shipped": (shipped["sale_line_id"], sources.local_day(shipped["done_at"]), ~back),
        "returned": (shipped["sale_line_id"], sources.local_day(shipped["done_at"]), back),
        "invoiced": (booked["order_line_id"], booked["date"], booked["document_type"] == "invoice"),
        "credited": (booked["order_line_id"], booked["date"], is_credit),
        "taken_back": (booked["order_line_id"], booked["date"], is_credit & whole),
    }
    quantities = {"shipped": shipped["quantity"], "returned": shipped["quantity"]}
    found = []
    for day in owed.month_ends(sources):
        sums = {
            name: quantities.get(name, booked["quantity"])[mask & (days <= day)].groupby(line).sum()
            for name, (line, days, mask) in parts.items()
        }
        state = pd.DataFrame(sums).reindex(goods.index).fillna(0).astype("int64")
        credited_back = state[["credited", "returned"]].min(axis=1)
        undone = pd.concat([state["taken_back"], credited_back], axis=1).max(axis=1)
        left = state["shipped"] - state["returned"]
        beyond = (state["invoiced"] - undone - left).clip(lower=0)
        back_uncredited = pd.concat([beyond, state["returned"] - credited_back], axis=1).min(axis=1)
        for book, quantity in (("back", back_uncredited), ("early", beyond - back_uncredited)):
            some = quantity[quantity > 0]
            found += [(day, book, line, units) for line, units in some.items()]
    rows = pd.DataFrame(found, columns=["as_of_date", "book", "line", "units"])
    rows = rows.astype({"line": "int64"}).join(line_payers(sources), on="line")
    of = lines.loc[rows["line"]]
    rows["value"] = [
        share(amount, units, ordered)
        for amount, units, ordered in zip(
            of["company_amount"], rows["units"], of["product_uom_qty"], strict=True
        )
    ]
    return rows


ORACLES = {
    "dso_monthly": Oracle(
        dso_monthly,
        ["company_id", "month_start", "receivable_scope"],
        [
            "dso_simple_days",
            "dso_countback_days",
            "best_possible_dso_days",
            "delinquent_days",
            "collection_effectiveness_percent",
            "average_days_late_on_paid_items",
        ],
    ),
    "customer_exposure": Oracle(
        customer_exposure,
        ["as_of_date", "company_id", "exposure_level", "customer_id"],
        ["internal_limit_share", "insured_limit_share"],
    ),
    "rejected_payments": Oracle(rejected_payments, ["company_id", "payment_rejection_id"]),
    "late_payment_statement": Oracle(
        late_payment_statement, ["as_of_date", "company_id", "delay_bucket"], ["sales_share"]
    ),
    "cut_off_monthly": Oracle(
        cut_off_monthly,
        ["company_id", "month_start"],
    ),
}

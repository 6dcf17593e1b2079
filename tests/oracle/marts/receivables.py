"""What customers owe, on the as-of date and on every month end before it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.oracle import receivables as owed
from tests.oracle.documents import billing_types, share
from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources, derived, seed

_BILL = ">"


@derived
def _items(sources: Sources) -> pd.DataFrame:
    """What is known of each position, whenever it is open; by item."""
    lines = owed.receivable_lines(sources)
    plain = lines[~lines["part"].isin(["bill drawn", "bill cleared"])]
    currencies = sources.table("odoo__res_currency").set_index("id")["name"]
    kinds = plain["move_id"].map(billing_types(sources))
    is_payment = plain["part"] == "payment"
    number = plain["id"].astype(str)
    payment = "erp/account.payment/" + plain["payment_id"].astype("Int64").astype(str)
    line = "erp/account.move.line/" + number
    is_instalment = plain["part"] == "instalment"
    items = pd.DataFrame(
        {
            "item": number,
            "open_item_id": line.where(~is_payment, payment),
            "item_type": kinds.where(is_instalment, "opening_balance").where(
                ~is_payment, "payment"
            ),
            "account_role": plain["role"],
            "company": plain["company_id"],
            "partner": plain["partner_id"],
            "instalment_id": line.where(~is_payment),
            "payment_id": payment.where(is_payment),
            "document_id": ("erp/account.move/" + plain["move_id"].astype(str)).where(
                is_instalment
            ),
            "issued_on": plain["date"],
            "due_date": plain["date_maturity"].where(~is_payment),
            "currency_code": plain["currency_id"].map(currencies),
            "original_amount": plain["amount_currency"].where(
                ~is_payment, _received(sources, plain)
            ),
            "instalment": plain["id"].where(~is_payment),
            "grace": 0,
        }
    )
    refunds = is_payment & (plain["balance"] > 0)
    items.loc[refunds, "item_type"] = "refund"
    return pd.concat([items, _bill_items(sources, items)]).set_index("item", drop=False)


def _received(sources: Sources, lines: pd.DataFrame) -> pd.Series:
    """What came in as money, without the discount taken: negative, since it is owed back."""
    payments = sources.table("odoo__account_payment").set_index("id")
    amount = payments["amount"].where(payments["payment_type"] == "outbound", -payments["amount"])
    received: pd.Series = lines["payment_id"].map(amount)
    return received


def _bill_items(sources: Sources, items: pd.DataFrame) -> pd.DataFrame:
    stretches = owed.open_stretches(sources)
    found = sorted(item for item in set(stretches["item"]) if _BILL in item)
    bills = owed.bills(sources)
    methods = owed.payment_methods(sources)
    by_item = items.set_index("item")
    rows = []
    for item in found:
        payment, instalment = item.split(_BILL)
        bill = bills.loc[int(payment)]
        of = by_item.loc[instalment] if instalment else None
        line = f"erp/account.move.line/{instalment}" if instalment else ""
        rows.append(
            {
                "item": item,
                "open_item_id": f"erp/account.payment/{payment}>{line}",
                "item_type": "bill",
                "account_role": bill["role"],
                "company": bill["company_id"],
                "partner": bill["partner_id"],
                "instalment_id": line or None,
                "payment_id": f"erp/account.payment/{payment}",
                "document_id": of["document_id"] if of is not None else None,
                "issued_on": of["issued_on"] if of is not None else bill["date"],
                "due_date": bill["date_maturity"],
                "currency_code": "EUR",
                "original_amount": bill["amount_currency"],
                "instalment": int(instalment) if instalment else None,
                "grace": owed.bounce_days(methods[int(payment)]),
            }
        )
    return pd.DataFrame(rows)


@derived
def open_items(sources: Sources) -> pd.DataFrame:
    """Every position that is open on an as-of date."""
    stretches = owed.open_stretches(sources)
    found = []
    for day in owed.month_ends(sources):
        is_open = (stretches["since"] <= day) & ~(stretches["until"] <= day)
        found.append(stretches[is_open].assign(as_of_date=day))
    rows = pd.concat(found, ignore_index=True).rename(columns={"since": "open_since"})
    rows = rows.merge(_items(sources).reset_index(drop=True), on="item")
    # Nothing is open where nothing is owed in the item's own currency, unless it never had any.
    rows = rows[(rows["open_amount"] != 0) | (rows["original_amount"] == 0)].reset_index(drop=True)
    rows["is_latest"] = rows["as_of_date"] == sources.day
    rows["company_id"] = "erp/res.company/" + rows["company"].astype(str)
    rows["customer_id"] = "erp/res.partner/" + rows["partner"].astype(str)
    is_payment = rows["item_type"].isin(["payment", "refund"])
    is_credit = ~is_payment & (rows["open_amount"] < 0)
    is_owed = ~is_payment & ~is_credit
    amount = rows["open_amount"]
    rows["receivable_amount"] = amount.where(is_owed, 0)
    rows["unapplied_cash_amount"] = amount.where(is_payment, 0)
    rows["unapplied_credit_amount"] = amount.where(is_credit, 0)
    days = (rows["as_of_date"] - rows["due_date"]).dt.days.astype("Int64")
    is_late = is_owed & (days > rows["grace"]).fillna(False) & (amount != 0)
    rows["days_late"] = days.where(is_late)
    rows["overdue_amount"] = amount.where(is_late, 0)
    rows["company_overdue_amount"] = rows["company_open_amount"].where(is_late, 0)
    rows["aging_bucket"] = [_bucket(late) for late in rows["days_late"]]
    rows.loc[is_payment, "aging_bucket"] = "unapplied_cash"
    rows.loc[is_credit, "aging_bucket"] = "unapplied_credit"
    rows["disputed_amount"] = _disputed(sources, rows)
    for column, values in _promises(sources, rows).items():
        rows[column] = values
    for column, values in _reminders(sources, rows).items():
        rows[column] = values
    return rows


def _bucket(days_late: int) -> str:
    days = 0 if pd.isna(days_late) else int(days_late)
    for row in seed_buckets():
        if int(row["days_from"]) <= days <= int(row["days_to"]):
            return row["aging_bucket"]
    raise AssertionError(days)


def seed_buckets() -> list[dict[str, str]]:
    """The aging buckets, read once."""
    if not _BUCKETS:
        _BUCKETS.extend(seed("aging_buckets"))
    return _BUCKETS


_BUCKETS: list[dict[str, str]] = []


def _disputed(sources: Sources, rows: pd.DataFrame) -> list[int]:
    """What of each item is in dispute that day, in proportion over the invoice's open items."""
    disputes = sources.table("sheets__disputes")
    of = owed.instalments_of_invoices(sources)
    open_on = {
        (day, line): amount
        for day, line, amount, kind in zip(
            rows["as_of_date"],
            rows["instalment"],
            rows["open_amount"],
            rows["item_type"],
            strict=True,
        )
        if kind not in ("bill", "payment", "refund") and amount > 0
    }
    disputed: dict[tuple[pd.Timestamp, int], int] = {}
    row: Any
    for row in disputes.itertuples():
        for day in owed.month_ends(sources):
            if day < row.opened_on or (pd.notna(row.closed_on) and day >= row.closed_on):
                continue
            lines = [line for line in of.get(row.invoice_number, []) if (day, line) in open_on]
            total = sum(open_on[day, line] for line in lines)
            left = row.amount
            for line in lines:
                # The instalment due last takes what rounding leaves.
                is_last = line == lines[-1]
                part = left if is_last else share(row.amount, open_on[day, line], total)
                left -= part
                disputed[day, line] = disputed.get((day, line), 0) + part
    return [
        min(disputed.get((day, line), 0), amount) if kind != "bill" and amount > 0 else 0
        for day, line, amount, kind in zip(
            rows["as_of_date"],
            rows["instalment"],
            rows["open_amount"],
            rows["item_type"],
            strict=True,
        )
    ]


def _promises(sources: Sources, rows: pd.DataFrame) -> dict[str, list[Any]]:
    """The latest promise made by the day, pending until its date has passed."""
    of = owed.instalments_of_invoices(sources)
    made: dict[int, list[tuple[Any, ...]]] = {}
    row: Any
    for row in sources.table("sheets__payment_promises").itertuples():
        lines = of.get(row.invoice_number, [])
        if 0 < row.instalment_number <= len(lines):
            line = lines[row.instalment_number - 1]
            made.setdefault(line, []).append((row.made_on, row.promised_date, row.amount))
    found: dict[str, list[Any]] = {"promised_date": [], "promised_amount": [], "promise_status": []}
    for day, line in zip(rows["as_of_date"], rows["instalment"], strict=True):
        known = [promise for promise in made.get(line, []) if promise[0] <= day]
        _, promised, amount = max(known) if known else (None, pd.NaT, pd.NA)
        found["promised_date"].append(promised)
        found["promised_amount"].append(amount)
        status = "pending" if known and promised >= day else "broken"
        found["promise_status"].append(status if known else None)
    return found


def _reminders(sources: Sources, rows: pd.DataFrame) -> dict[str, list[Any]]:
    """The highest level reached by the day, and the day of the last reminder."""
    sent: dict[int, list[tuple[pd.Timestamp, int]]] = {}
    levels = sources.table("odoo__credit_control_policy_level").set_index("id")["level"]
    letters = sources.table("odoo__credit_control_line")
    row: Any
    for row in letters[letters["state"] == "sent"].itertuples():
        day = row.date_sent if pd.notna(row.date_sent) else row.date
        sent.setdefault(row.move_line_id, []).append((day, levels[row.policy_level_id]))
    of = owed.instalments_of_invoices(sources)
    for row in sources.table("sheets__dunning_actions").itertuples():
        for line in of.get(row.invoice_number, [])[:1]:
            sent.setdefault(line, []).append((row.action_date, row.level))
    found: dict[str, list[Any]] = {"dunning_level": [], "last_reminded_on": []}
    for day, line in zip(rows["as_of_date"], rows["instalment"], strict=True):
        known = [reminder for reminder in sent.get(line, []) if reminder[0] <= day]
        found["dunning_level"].append(max(level for _, level in known) if known else pd.NA)
        found["last_reminded_on"].append(max(at for at, _ in known) if known else pd.NaT)
    return found


def aging(sources: Sources) -> pd.DataFrame:
    """Open items summed by customer, currency, role and bucket."""
    key = ["as_of_date", "is_latest", "company_id", "customer_id", "currency_code"]
    grouped = open_items(sources).groupby([*key, "account_role", "aging_bucket"])
    sums = grouped[["open_amount", "company_open_amount", "disputed_amount"]].sum()
    sums["item_count"] = grouped.size()
    sums["max_days_late"] = grouped["days_late"].max()
    return sums.reset_index()


ORACLES = {
    "open_items": Oracle(open_items, ["as_of_date", "open_item_id", "account_role"]),
    "aging": Oracle(
        aging,
        [
            "as_of_date",
            "company_id",
            "customer_id",
            "currency_code",
            "account_role",
            "aging_bucket",
        ],
    ),
}

"""What customers owe over time, from the lines on Odoo's customer accounts and their matches.

A line opens a position on its accounting date, and a match makes both its sides smaller from the
later of their dates on, so that what is open on any day follows (docs/DECISIONS.md, Receivables).
Matches that Odoo erased when a payment bounced are put back until the bounce.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.oracle.sources import Sources, code_map, derived, seed, translated


@derived
def receivable_lines(sources: Sources) -> pd.DataFrame:
    """Posted lines on customer accounts, by identifier, with the part that each plays."""
    accounts = sources.table("odoo__account_account").set_index("id")
    accounts = accounts[accounts["account_type"] == "asset_receivable"]
    moves = sources.table("odoo__account_move").set_index("id")
    rows = sources.table("odoo__account_move_line")
    rows = rows[rows["account_id"].isin(accounts.index) & (rows["parent_state"] == "posted")]
    rows = rows.set_index("id", drop=False).rename_axis("line")
    rows["account_code"] = rows["account_id"].map(accounts["code"])
    rows["role"] = _roles(sources, rows)
    rows["move_type"] = rows["move_id"].map(moves["move_type"])
    # A rejected e-invoice is neither issued nor owed.
    rejected = moves.index[moves["l10n_it_edi_state"] == "rejected"]
    rows = rows[~rows["move_id"].isin(rejected)]
    is_bill = rows["role"] == "bills_in_hand"
    rows["part"] = "other"
    rows.loc[rows["move_type"].isin(["out_invoice", "out_refund"]), "part"] = "instalment"
    rows.loc[rows["payment_id"].notna(), "part"] = "payment"
    rows.loc[rows["payment_id"].notna() & is_bill, "part"] = "bill drawn"
    rows.loc[rows["payment_id"].isna() & is_bill, "part"] = "bill cleared"
    rows["date_maturity"] = _original_due_days(sources, rows)
    return rows


def _original_due_days(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """Due dates, of what an entry moved to another account that of the instalment it was."""
    due = rows["date_maturity"].fillna(rows["date"])
    match = sources.table("odoo__account_partial_reconcile")
    instalments = rows.index[rows["part"] == "instalment"]
    match = match[match["debit_move_id"].isin(instalments)]
    entry = match["credit_move_id"].map(rows.loc[rows["part"] == "other", "move_id"])
    first = match["debit_move_id"].map(due).groupby(entry).min()
    moved = rows["move_id"].map(first).where((rows["part"] == "other") & (rows["balance"] > 0))
    return moved.fillna(rows["date_maturity"])


def _roles(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """Role of each line's account on its date; the longest declared prefix wins."""
    declared = sources.table("sheets__account_roles").copy()
    declared["company_id"] = declared["company"].map(sources.company_names)
    declared = declared.sort_values("account_prefix", key=lambda prefix: prefix.str.len())
    role = pd.Series("unknown", index=rows.index)
    row: Any
    for row in declared.itertuples():
        fits = (
            (rows["company_id"] == row.company_id)
            & rows["account_code"].str.startswith(row.account_prefix)
            & (rows["date"] >= row.valid_from)
        )
        if pd.notna(row.valid_to):
            fits &= rows["date"] <= row.valid_to
        role[fits] = row.account_role
    return role


@derived
def matches(sources: Sources) -> pd.DataFrame:
    """What settled what: debit and credit line, amounts of both, date from which it counts."""
    rows = sources.table("odoo__account_partial_reconcile")
    lines = receivable_lines(sources)
    rows = rows[
        rows["debit_move_id"].isin(lines.index) & rows["credit_move_id"].isin(lines.index)
    ].copy()
    dates = [rows[side].map(lines["date"]) for side in ("debit_move_id", "credit_move_id")]
    rows["effective"] = pd.concat(dates, axis=1).max(axis=1)
    return rows


@derived
def bounces(sources: Sources) -> pd.DataFrame:
    """Payments that bounced, with the instalment whose erased match they had settled."""
    returned = sources.table("odoo__payment_return_line").set_index("id")
    links = sources.table("odoo__account_move_line_payment_return_line_rel")
    lines = receivable_lines(sources)
    rows = links.assign(
        bounced_on=links["line_id"].map(returned["date"]),
        paid_on=links["move_line_id"].map(lines["date"]),
        partner_id=links["move_line_id"].map(lines["partner_id"]),
        company_id=links["move_line_id"].map(lines["company_id"]),
        payment_id=links["move_line_id"].map(lines["payment_id"]),
        amount=-links["move_line_id"].map(lines["amount_currency"]),
        company_amount=-links["move_line_id"].map(lines["balance"]),
    )
    rows["instalment"] = [_erased_instalment(sources, row) for row in rows.itertuples()]
    return rows


def _erased_instalment(sources: Sources, bounce: Any) -> int | None:
    """The oldest instalment open for exactly the amount; none, if two are equally old."""
    lines = _open_by_customer(sources).get((bounce.company_id, bounce.partner_id), [])
    open_for_it = []
    for due, issued, line, amount, settled in lines:
        if issued > bounce.bounced_on:
            continue
        left = amount - sum(taken for day, taken in settled if day <= bounce.bounced_on)
        if left == bounce.amount:
            open_for_it.append((due, line))
    open_for_it.sort()
    if not open_for_it or (len(open_for_it) > 1 and open_for_it[0][0] == open_for_it[1][0]):
        return None
    return open_for_it[0][1]


@derived
def _open_by_customer(sources: Sources) -> dict[tuple[int, int], list[tuple[Any, ...]]]:
    """Instalments of each customer: due, issued, line, amount, and what settled them when."""
    lines = receivable_lines(sources)
    taken: dict[int, list[tuple[pd.Timestamp, int]]] = {}
    for row in matches(sources).itertuples():
        taken.setdefault(row.debit_move_id, []).append((row.effective, row.debit_amount_currency))
    found: dict[tuple[int, int], list[tuple[Any, ...]]] = {}
    for row in lines[(lines["part"] == "instalment") & (lines["balance"] > 0)].itertuples():
        found.setdefault((row.company_id, row.partner_id), []).append(
            (row.date_maturity, row.date, row.id, row.amount_currency, taken.get(row.id, []))
        )
    return found


@derived
def position_changes(sources: Sources) -> pd.DataFrame:
    """Every change of what is open on a position: item, day, amount, company_amount."""
    lines = receivable_lines(sources)
    plain = lines[~lines["part"].isin(["bill drawn", "bill cleared"])]
    match = matches(sources)
    match = match[match["debit_move_id"].isin(plain.index)]
    bounce = bounces(sources).dropna(subset=["instalment"])
    amounts = ["amount", "company_amount"]
    issued = bounce["instalment"].map(lines["date"])
    effective = bounce["paid_on"].where(bounce["paid_on"] >= issued, issued)
    parts = [
        _changes(plain["id"], plain["date"], plain["amount_currency"], plain["balance"]),
        _changes(
            match["debit_move_id"],
            match["effective"],
            -match["debit_amount_currency"],
            -match["amount"],
        ),
        _changes(
            match["credit_move_id"],
            match["effective"],
            match["credit_amount_currency"],
            match["amount"],
        ),
    ]
    for line, sign in (("instalment", -1), ("move_line_id", 1)):
        for day, direction in ((effective, sign), (bounce["bounced_on"], -sign)):
            parts.append(_changes(bounce[line], day, *(direction * bounce[a] for a in amounts)))
    return pd.concat([*parts, _bill_changes(sources)], ignore_index=True)


def _changes(
    item: pd.Series, day: pd.Series, amount: pd.Series, company_amount: pd.Series
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item": item.astype("int64").astype(str),
            "day": day,
            "amount": amount.astype("int64"),
            "company_amount": company_amount.astype("int64"),
        }
    )


@derived
def bills(sources: Sources) -> pd.DataFrame:
    """Bills by payment: drawn line, maturity, and the day on which the ledger cleared them."""
    lines = receivable_lines(sources)
    drawn = lines[lines["part"] == "bill drawn"].set_index("payment_id", drop=False)
    match = matches(sources).set_index("debit_move_id")["effective"]
    return drawn.assign(cleared_on=drawn["id"].map(match.groupby(level=0).max()))


def _bill_changes(sources: Sources) -> pd.DataFrame:
    """A bill stands for the instalment it settles, and for nothing known as far as it is not."""
    lines = receivable_lines(sources)
    drawn = bills(sources)
    credit = lines[lines["part"] == "payment"]
    of_bill = credit[credit["payment_id"].isin(drawn.index)].set_index("id")["payment_id"]
    match = matches(sources)
    settled = match[match["credit_move_id"].isin(of_bill.index)]
    settled = settled[settled["debit_move_id"].map(lines["part"]) == "instalment"]
    pieces = [
        (
            of_bill[row.credit_move_id],
            row.debit_move_id,
            row.effective,
            row.credit_amount_currency,
            row.amount,
        )
        for row in settled.itertuples()
    ]
    for row in bounces(sources).dropna(subset=["instalment"]).itertuples():
        if row.payment_id in drawn.index:
            effective = max(row.paid_on, lines.loc[row.instalment, "date"])
            pieces.append(
                (row.payment_id, int(row.instalment), effective, row.amount, row.company_amount)
            )
    found = []
    for payment, bill in drawn.iterrows():
        rest = f"{payment}>"
        found.append((rest, bill["date"], bill["amount_currency"], bill["balance"]))
    for payment, instalment, day, amount, company_amount in pieces:
        found.append((f"{payment}>", day, -amount, -company_amount))
        found.append((f"{payment}>{instalment}", day, amount, company_amount))
    frame = pd.DataFrame(found, columns=["item", "day", "amount", "company_amount"])
    payment = frame["item"].str.split(">").str[0].astype("int64")
    cleared = payment.map(drawn["cleared_on"])
    # From the day it is cleared on, nothing of a bill is open.
    frame = frame[cleared.isna() | (frame["day"] < cleared)]
    sums = frame.groupby("item")[["amount", "company_amount"]].sum().reset_index()
    sums["day"] = sums["item"].str.split(">").str[0].astype("int64").map(drawn["cleared_on"])
    gone = sums[sums["day"].notna()]
    gone = gone.assign(amount=-gone["amount"], company_amount=-gone["company_amount"])
    both = pd.concat([frame, gone], ignore_index=True)
    return both.astype({"amount": "int64", "company_amount": "int64"})


@derived
def open_stretches(sources: Sources) -> pd.DataFrame:
    """One row per position and time with an unchanged open amount: since, until (excluded)."""
    changes = position_changes(sources).groupby(["item", "day"], as_index=False).sum()
    changes = changes[(changes["amount"] != 0) | (changes["company_amount"] != 0)]
    changes = changes.sort_values(["item", "day"])
    totals = changes.groupby("item")[["amount", "company_amount"]].cumsum()
    rows = pd.DataFrame(
        {
            "item": changes["item"],
            "since": changes["day"],
            "until": changes.groupby("item")["day"].shift(-1),
            "open_amount": totals["amount"],
            "company_open_amount": totals["company_amount"],
        }
    )
    return rows[(rows["open_amount"] != 0) | (rows["company_open_amount"] != 0)]


@derived
def month_ends(sources: Sources) -> list[pd.Timestamp]:
    """The as-of date and every month end before it on which something was open."""
    first = open_stretches(sources)["since"].min()
    ends = [day for day in pd.date_range(first, sources.day, freq="ME") if day < sources.day]
    return [*ends, sources.day]


@derived
def payment_methods(sources: Sources) -> pd.Series:
    """Method of each payment, in the contract's words."""
    payments = sources.table("odoo__account_payment").set_index("id")
    method_lines = sources.table("odoo__account_payment_method_line").set_index("id")
    names = code_map("payment_method_map", "odoo", "source_method", "payment_method")
    codes = sources.table("odoo__account_payment_method").set_index("id")["code"]
    by_name = method_lines["name"].map(translated).str.lower().map(names)
    by_code = method_lines["payment_method_id"].map(codes).str.lower().map(names)
    method: pd.Series = payments["payment_method_line_id"].map(by_name.fillna(by_code))
    return method.fillna("unknown")


def bounce_days(method: str) -> int:
    """How long after its debit a payment of the method may still come back."""
    days = {row["payment_method"]: int(row["bounce_days"]) for row in seed("payment_methods")}
    return days.get(method, 0)


@derived
def instalments_of_invoices(sources: Sources) -> dict[str, list[int]]:
    """Lines of each invoice's instalments by its number, in the order of their due dates."""
    names = sources.table("odoo__account_move").set_index("id")["name"]
    lines = receivable_lines(sources)
    lines = lines[lines["part"] == "instalment"].sort_values(["date_maturity", "id"])
    found: dict[str, list[int]] = {}
    for line, move in zip(lines["id"], lines["move_id"], strict=True):
        found.setdefault(names[move], []).append(int(line))
    return found

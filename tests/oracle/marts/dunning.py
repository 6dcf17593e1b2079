"""Whom to remind, of what, with which legal amounts, and what reminders bring in."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd

from tests.oracle.documents import share
from tests.oracle.marts.cash import disputed_in_company_currency, month_of, ratio
from tests.oracle.marts.receivables import open_items
from tests.oracle.oracle import Oracle
from tests.oracle.receivables import instalments_of_invoices, position_changes
from tests.oracle.settlements import DRAWN, instalments, settlements
from tests.oracle.sources import UNIT, Sources, code_map, derived, seed, translated

_YEAR = 365
_CLAIM_DAYS = pd.Timedelta(days=365)
_DAY = pd.Timedelta(days=1)


@derived
def debtors(sources: Sources) -> pd.DataFrame:
    """Class, insolvency and wish not to be reminded of each payer; by partner."""
    partners = sources.table("odoo__res_partner").set_index("id")
    names = sources.table("odoo__res_partner_category").set_index("id")["name"].map(translated)
    meanings = code_map("customer_tag_map", "odoo", "tag", "meaning")
    tags = sources.table("odoo__res_partner_res_partner_category_rel")
    meaning = tags["category_id"].map(names).str.lower().map(meanings)
    rows = partners[["no_overdue_reminder"]].fillna(False).astype(bool)
    public = set(tags.loc[meaning == "public", "partner_id"])
    rows["customer_class"] = pd.Series("private", rows.index).where(
        ~rows.index.isin(public), "public"
    )
    insolvent = rows.index.isin(tags.loc[meaning == "insolvent", "partner_id"])
    # Odoo does not say since when: the day on which the partner was last changed stands for it.
    since = sources.local_day(partners["write_date"]).where(insolvent)
    rows["insolvent_since"] = since.where(since <= sources.day)
    return rows


class _Law:
    """Legal interest on late payments of one country and class of debtors."""

    def __init__(self, country: str, customer_class: str) -> None:
        rows = [
            row
            for row in seed("legal_late_payment_rates")
            if (row["country_code"], row["customer_class"]) == (country, customer_class)
        ]
        self.rates = sorted(
            (
                pd.Timestamp(row["valid_from"]),
                Fraction(row["reference_rate_percent"]) + Fraction(row["added_points"]),
            )
            for row in rows
        )
        self.follows = all(row["follows_half_years"] == "true" for row in rows)
        self.indemnity = int(rows[0]["indemnity_amount"]) * UNIT if rows else 0
        self.currency = rows[0]["indemnity_currency_code"] if rows else None

    def rate_on(self, day: pd.Timestamp) -> Fraction | None:
        """Rate of the half-year of a day."""
        start = pd.Timestamp(day.year, 1 if day.month <= 6 else 7, 1)
        return dict(self.rates).get(start)

    def interest(self, amount: int, after: pd.Timestamp, until: pd.Timestamp) -> Fraction:
        """Interest from the day after one day to another, in ten-thousandths and their parts."""
        points = Fraction(0)
        day, first = after + _DAY, self.rate_on(after + _DAY)
        while day <= until:
            half_year_ends = pd.Timestamp(day.year, 6, 30)
            if day > half_year_ends:
                half_year_ends = pd.Timestamp(day.year, 12, 31)
            last = min(half_year_ends, until)
            rate = self.rate_on(day) if self.follows else first
            points += (rate or 0) * ((last - day).days + 1)
            day = last + _DAY
        return amount * points / (100 * _YEAR)


def _to_the_cent(amount: Fraction) -> int:
    return 100 * share(amount.numerator, 1, 100 * amount.denominator)


@derived
def laws(sources: Sources) -> dict[tuple[int, str], _Law]:
    """The law of each company's country, by class of debtor."""
    return {
        (company, name): _Law(country, name)
        for company, country in sources.countries.items()
        for name in ("private", "public")
    }


@derived
def late_instalments(sources: Sources) -> pd.DataFrame:
    """What was paid late of each instalment, with the interest on it; by instalment."""
    billed = instalments(sources)
    billed = billed[billed["balance"] > 0]
    debtor = debtors(sources)
    rows = settlements(sources).dropna(subset=["paid_on"])
    rows = rows[rows["instalment"].isin(billed.index)]
    rows = rows.join(billed[["company_id", "partner_id", "date", "date_maturity"]], on="instalment")
    rows["late_from"] = rows[["date", "date_maturity"]].max(axis=1)
    # A bill or direct debit that stood was paid as agreed: we chose the day.
    rows = rows[(rows["paid_on"] > rows["late_from"]) & ~rows["method"].isin(DRAWN)]
    rows["since"] = rows["partner_id"].map(debtor["insolvent_since"])
    rows = rows[~(rows["late_from"] >= rows["since"])].copy()
    kinds = rows["partner_id"].map(debtor["customer_class"])
    # Insolvency stops the interest.
    rows["until"] = rows["paid_on"].where(~(rows["paid_on"] > rows["since"]), rows["since"])
    rows["interest"] = [
        laws(sources)[company, kind].interest(int(amount), start, paid)
        for company, kind, amount, start, paid in zip(
            rows["company_id"],
            kinds,
            rows["company_amount"],
            rows["late_from"],
            rows["until"],
            strict=True,
        )
    ]
    late = rows.groupby("instalment").agg(
        interest=("interest", "sum"), paid_late_on=("paid_on", "max")
    )
    late["interest"] = late["interest"].map(_to_the_cent)
    return late


def _policy(company: int, customer_class: str) -> dict[int, dict[str, str]]:
    """Levels of a company and class; those after one that is not used are not reached."""
    levels: dict[int, dict[str, str]] = {}
    for wanted in (("*", "*"), ("*", customer_class), (f"erp/res.company/{company}", "*")):
        for row in seed("dunning_policy"):
            if (row["company_id"], row["customer_class"]) == wanted:
                levels[int(row["level"])] = row
    unused = [level for level, row in levels.items() if row["is_used"] != "true"]
    return {level: row for level, row in levels.items() if level < min(unused, default=99)}


def _paid_late_rows(sources: Sources, listed: set[int]) -> pd.DataFrame:
    """Instalments settled late within a year."""
    late = late_instalments(sources)
    late = late[(sources.day - late["paid_late_on"] < _CLAIM_DAYS) & ~late.index.isin(listed)]
    rows = instalments(sources).loc[late.index]
    return pd.DataFrame(
        {
            "instalment": rows["id"],
            "company": rows["company_id"],
            "partner": rows["partner_id"],
            "move_id": rows["move_id"],
            "open_item_id": "erp/account.move.line/" + rows["id"].astype(str),
            "due_date": rows["date_maturity"],
            "issued_on": rows["date"],
            "days_late": (late["paid_late_on"] - rows["date_maturity"]).dt.days,
            "item_state": "paid_late",
            "is_bill": False,
            "open": 0,
            "disputed": 0,
        }
    )


@derived
def _list(sources: Sources) -> pd.DataFrame:
    """Overdue open items and instalments paid late, with the payer's circumstances."""
    items = open_items(sources)
    items = items[items["is_latest"] & (items["open_amount"] > 0)]
    is_owed = items["receivable_amount"] == items["open_amount"]
    late = items[is_owed & (items["due_date"] < sources.day)].copy()
    disputed = pd.Series(disputed_in_company_currency(late), late.index)
    late["disputed"] = disputed.clip(upper=late["company_open_amount"])
    late["open"] = late["company_open_amount"]
    late["is_bill"] = late["item_type"] == "bill"
    late["days_late"] = (sources.day - late["due_date"]).dt.days
    late["item_state"] = "open"
    late["move_id"] = late["document_id"].str.split("/").str[-1].astype("Int64")
    paid = _paid_late_rows(sources, set(late["instalment"]))
    rows = pd.concat([late[[*paid.columns]], paid], ignore_index=True)
    rows["late_from"] = rows[["issued_on", "due_date"]].max(axis=1)
    return rows.join(debtors(sources), on="partner")


def dunning_worklist(sources: Sources) -> pd.DataFrame:
    """Every overdue item with what comes next for it, and what the law grants."""
    rows = _list(sources)
    every = open_items(sources)
    latest = every[every["is_latest"]]
    credits = latest[latest["receivable_amount"] != latest["open_amount"]]
    unapplied = -credits.groupby(["company", "partner"])["company_open_amount"].sum()
    payer = pd.MultiIndex.from_frame(rows[["company", "partner"]])
    rows["unapplied"] = unapplied.reindex(payer).fillna(0).astype("int64").array
    reminders = sent_reminders(sources)
    of_instalment = reminders.groupby("instalment")
    still_open = rows["instalment"].where(rows["item_state"] == "open")
    rows["level"] = still_open.map(of_instalment["level"].max()).fillna(0).astype(int)
    rows["reminded_on"] = still_open.map(of_instalment["day"].max())
    promise = latest.set_index("open_item_id")["promised_date"]
    rows["promised_date"] = rows["open_item_id"].map(promise)
    rows["claimed"] = (rows["open"] - rows["disputed"]).where(~rows["is_bill"], 0)
    rows["whole_claim"] = rows.groupby(["company", "partner"])["claimed"].transform("sum")
    rows = rows.join(pd.DataFrame([_next_step(sources, row) for row in rows.itertuples()]))
    rows = rows.join(_legal_amounts(sources, rows))
    due = rows[rows["worklist_status"] == "remind"]
    weight = (due["claimed"] * due["days_late"]).rename("weight")
    order = due.join(weight).sort_values(
        ["company", "weight", "open_item_id"], ascending=[True, False, True]
    )
    rows["priority_rank"] = order.groupby("company").cumcount() + 1
    names = sources.table("odoo__account_move").set_index("id")["name"]
    line = "erp/account.move.line/" + rows["instalment"].astype("Int64").astype(str)
    return pd.DataFrame(
        {
            "as_of_date": sources.day,
            "company_id": "erp/res.company/" + rows["company"].astype(str),
            "customer_id": "erp/res.partner/" + rows["partner"].astype(str),
            "open_item_id": rows["open_item_id"],
            "instalment_id": line.where(rows["instalment"].notna()),
            "document_id": ("erp/account.move/" + rows["move_id"].astype(str)).where(
                rows["move_id"].notna()
            ),
            "document_number": rows["move_id"].map(names),
            "customer_class": rows["customer_class"],
            "item_state": rows["item_state"],
            "worklist_status": rows["worklist_status"],
            "exclusion_reason": rows["exclusion_reason"],
            "due_date": rows["due_date"],
            "days_late": rows["days_late"],
            "currency_code": "EUR",
            "company_open_amount_incl_tax": rows["open"],
            "company_disputed_amount_incl_tax": rows["disputed"],
            "company_claimed_amount_incl_tax": rows["claimed"],
            "company_payer_unapplied_amount_incl_tax": rows["unapplied"],
            "dunning_level": rows["level"],
            "last_reminded_on": rows["reminded_on"],
            "next_level": rows["next_level"],
            "next_channel": rows["next_channel"],
            "next_action_on": rows["next_action_on"],
            "promised_date": rows["promised_date"],
            "legal_rate_percent": rows["legal_rate"],
            "company_interest_on_open_amount": rows["interest_on_open"],
            "company_interest_on_paid_amount": rows["interest_on_paid"],
            "interest_days_without_rate": 0,
            "indemnity_amount": rows["indemnity"],
            "indemnity_currency_code": rows["indemnity_currency"],
            "priority_rank": rows["priority_rank"],
        }
    )


def _next_step(sources: Sources, row: Any) -> dict[str, Any]:
    """Status of one row, with the first reason that keeps it from being reminded."""
    policy = _policy(row.company, row.customer_class)
    level = row.level + 1
    step = policy.get(level)
    tolerance = int(step["tolerance_amount"]) * UNIT if step else 0
    reasons = {
        "paid": row.item_state == "paid_late",
        "insolvent": pd.notna(row.insolvent_since),
        "bill_not_due": row.is_bill,
        "do_not_remind": row.no_overdue_reminder,
        "disputed": row.claimed <= 0,
        "promise_pending": row.promised_date >= sources.day,
        "no_further_level": step is None,
        "below_tolerance": row.whole_claim < tolerance,
        "covered_by_receipts": row.whole_claim - row.unapplied < tolerance,
    }
    reason = next((reason for reason, applies in reasons.items() if applies), None)
    if reason or step is None:
        status = "claim_interest" if reason == "paid" else "excluded"
        return {
            "worklist_status": status,
            "exclusion_reason": reason,
            "next_level": pd.NA,
            "next_channel": None,
            "next_action_on": pd.NaT,
        }
    on = row.due_date + pd.Timedelta(days=int(step["days_late"]))
    if pd.notna(row.reminded_on):
        on = max(on, row.reminded_on + pd.Timedelta(days=int(step["min_gap_days"])))
    return {
        "worklist_status": "remind" if on <= sources.day else "wait",
        "exclusion_reason": None,
        "next_level": level,
        "next_channel": step["channel"],
        "next_action_on": on,
    }


def _legal_amounts(sources: Sources, rows: pd.DataFrame) -> pd.DataFrame:
    """Interest on what is open and on what was paid late, and one indemnity per invoice."""
    late = late_instalments(sources)
    found = pd.DataFrame(index=rows.index)
    found["interest_on_paid"] = rows["instalment"].map(late["interest"]).fillna(0).astype("int64")
    in_time = ~(rows["late_from"] >= rows["insolvent_since"]) & rows["move_id"].notna()
    until = rows["insolvent_since"].fillna(sources.day)
    rates, on_open, indemnity, currency = [], [], [], []
    row: Any
    for row, counts, to in zip(rows.itertuples(), in_time, until, strict=True):
        law = laws(sources)[row.company, row.customer_class]
        rate = law.rate_on(row.late_from + _DAY) if counts else None
        rates.append(None if rate is None else int(rate * UNIT))
        amount = int(row.claimed) if counts else 0
        interest = law.interest(amount, row.late_from, to)
        on_open.append(_to_the_cent(interest))
        is_claimable = counts and (row.item_state == "paid_late" or row.claimed > 0)
        indemnity.append(law.indemnity if is_claimable else 0)
        currency.append(law.currency if counts else None)
    found["legal_rate"] = rates
    found["interest_on_open"] = on_open
    found["indemnity"] = indemnity
    found["indemnity_currency"] = currency
    claimed = rows.assign(claimable=found["indemnity"] > 0)
    claimed = claimed[claimed["claimable"]].sort_values(["due_date", "open_item_id"])
    first = claimed.drop_duplicates("move_id").index
    found.loc[~found.index.isin(first), "indemnity"] = 0
    return found


# What reminders bring ---------------------------------------------------------------------------


@derived
def sent_reminders(sources: Sources) -> pd.DataFrame:
    """Letters of the ERP and calls of the team, by instalment where it is known."""
    billed = instalments(sources).sort_values(["date_maturity", "id"])
    levels = sources.table("odoo__credit_control_policy_level").set_index("id")["level"]
    letters = sources.table("odoo__credit_control_line")
    letters = letters[letters["state"] == "sent"]
    by_erp = pd.DataFrame(
        {
            "company": letters["company_id"],
            "instalment": letters["move_line_id"],
            "day": letters["date_sent"].fillna(letters["date"]),
            "level": letters["policy_level_id"].map(levels),
            "amount": letters["balance_due"],
        }
    )
    names = sources.table("odoo__account_move").set_index("id")["name"]
    first = billed.assign(name=billed["move_id"].map(names)).drop_duplicates("name")
    calls = sources.table("sheets__dunning_actions")
    calls = calls[calls["result"] != "failed"]
    by_team = pd.DataFrame(
        {
            "company": calls["company"].map(sources.company_names),
            "instalment": calls["invoice_number"].map(first.set_index("name")["id"]),
            "day": calls["action_date"],
            "level": calls["level"],
            "amount": calls["amount"],
        }
    )
    rows = pd.concat([by_erp, by_team], ignore_index=True)
    rows = rows[rows["day"] <= sources.day].reset_index(drop=True)
    rows["instalment"] = rows["instalment"].where(rows["instalment"].isin(billed["id"]))
    return rows


def _cash_after(sources: Sources, reminders: pd.DataFrame) -> pd.DataFrame:
    """Money that followed each reminder, before the next one of its instalment."""
    money = settlements(sources)
    money = money[money["is_money"] & money["bounced_on"].isna()]
    known = reminders.dropna(subset=["instalment"]).astype({"instalment": "int64"})
    known = known.sort_values(["day", "level"])
    cash = pd.merge_asof(
        money.sort_values("effective").astype({"instalment": "int64"}),
        known[["instalment", "day"]].assign(reminder=known.index),
        left_on="effective",
        right_on="day",
        by="instalment",
        allow_exact_matches=False,
    ).dropna(subset=["reminder"])
    cash["days"] = (cash["effective"] - cash["day"]).dt.days
    return pd.DataFrame(
        {
            f"cash_{days}": cash[cash["days"] <= days].groupby("reminder")["company_amount"].sum()
            for days in (15, 30)
        }
    )


@derived
def _promises(sources: Sources) -> pd.DataFrame:
    """Promises to pay made by the as-of date, and what came of each."""
    rows = sources.table("sheets__payment_promises")
    rows = rows[rows["made_on"] <= sources.day]
    of = instalments_of_invoices(sources)
    money = settlements(sources)
    money = money[money["is_money"] & money["bounced_on"].isna()]
    changes = position_changes(sources)
    balance = changes[changes["day"] <= sources.day].groupby(["item", "day"])["amount"].sum()
    balance = balance.groupby(level=0).cumsum()
    reminders = sent_reminders(sources)
    lines: list[Any] = [
        of[invoice][number - 1] if number <= len(of.get(invoice, [])) else None
        for invoice, number in zip(rows["invoice_number"], rows["instalment_number"], strict=True)
    ]
    rows = rows.assign(instalment=lines)
    found = []
    row: Any
    for row in rows.itertuples():
        own = money[money["instalment"] == row.instalment]
        until = min(row.promised_date, sources.day)
        since = own[(own["effective"] >= row.made_on) & (own["effective"] <= until)]
        is_known = pd.notna(row.instalment)
        left = balance[str(int(row.instalment))] if is_known else balance.iloc[:0]
        settled = is_known and left[left.index <= until].iloc[-1] == 0
        later = rows[(rows["instalment"] == row.instalment) & (rows["made_on"] > row.made_on)]
        before = reminders[
            (reminders["instalment"] == row.instalment) & (reminders["day"] <= row.made_on)
        ]
        if since["amount"].sum() >= row.amount or settled:
            outcome = "kept"
        elif (later["made_on"] <= row.promised_date).any():
            outcome = "replaced"
        else:
            outcome = "broken" if row.promised_date < sources.day else "pending"
        level = before["level"].max() if len(before) else 0
        found.append((sources.company_names[row.company], row.made_on, level, outcome))
    return pd.DataFrame(found, columns=["company", "day", "level", "outcome"])


def dunning_effectiveness_monthly(sources: Sources) -> pd.DataFrame:
    """Reminders and promises of each month and level, and what followed."""
    key = ["company", "month_start", "level"]
    reminders = sent_reminders(sources)
    reminders = reminders.join(_cash_after(sources, reminders))
    known = reminders["instalment"].notna()
    reminders["month_start"] = month_of(reminders["day"])
    reminders["amount"] = reminders["amount"].where(known, 0)
    reminders["unknown"] = ~known
    sums = reminders.groupby(key).agg(
        reminder_count=("day", "size"),
        reminder_without_instalment_count=("unknown", "sum"),
        reminder_with_cash_count=("cash_30", lambda cash: (cash > 0).sum()),
        company_reminded_amount_incl_tax=("amount", "sum"),
        company_cash_15_days_amount_incl_tax=("cash_15", "sum"),
        company_cash_30_days_amount_incl_tax=("cash_30", "sum"),
    )
    promises = _promises(sources)
    promises["month_start"] = month_of(promises["day"])
    outcomes = promises.groupby([*key, "outcome"]).size().unstack(fill_value=0)
    outcomes = outcomes.reindex(columns=["kept", "broken", "replaced", "pending"], fill_value=0)
    outcomes = outcomes.add_prefix("promise_").add_suffix("_count")
    rows = sums.join(outcomes, how="outer").fillna(0).astype("int64").reset_index()
    rows["promise_count"] = rows[list(outcomes)].sum(axis=1)
    judged = rows["promise_kept_count"] + rows["promise_broken_count"]
    rows["promise_kept_share"] = ratio(rows["promise_kept_count"], judged)
    last = rows["month_start"] + pd.offsets.MonthEnd(0)
    for days in (15, 30):
        mature = last + pd.Timedelta(days=days) <= sources.day
        rows[f"is_mature_{days}_days"] = mature
        cash = rows[f"company_cash_{days}_days_amount_incl_tax"]
        share_of = ratio(cash, rows["company_reminded_amount_incl_tax"])
        rows[f"cash_{days}_days_share"] = share_of.where(mature)
    rows["company_id"] = "erp/res.company/" + rows["company"].astype(str)
    return rows.rename(columns={"level": "dunning_level"}).assign(currency_code="EUR")


ORACLES = {
    "dunning_worklist": Oracle(dunning_worklist, ["as_of_date", "company_id", "open_item_id"]),
    "dunning_effectiveness_monthly": Oracle(
        dunning_effectiveness_monthly,
        ["company_id", "month_start", "dunning_level"],
        ["cash_15_days_share", "cash_30_days_share", "promise_kept_share"],
    ),
}

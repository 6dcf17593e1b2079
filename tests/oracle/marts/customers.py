"""Customers: how active they are, and who comes and goes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import gammaln

from tests.oracle.claims import claim_stretches, claims
from tests.oracle.contacts import contacts, crm_customers
from tests.oracle.documents import order_lines, sales
from tests.oracle.habits import activity
from tests.oracle.marts.receivables import open_items
from tests.oracle.marts.sales import ratio
from tests.oracle.oracle import Oracle
from tests.oracle.order_book import movements
from tests.oracle.revenue import (
    company_names,
    customer_names,
    groups,
    revenue_lines,
    segments,
)
from tests.oracle.settlements import instalments, settlements
from tests.oracle.sources import Sources, code_map, derived, translated

_HUNDREDTHS = [
    "median_interval_days",
    "p90_interval_days",
    "habit_interval_days",
    "at_risk_after_days",
    "dormant_after_days",
    "lost_after_days",
]


@derived
def customer_activity(sources: Sources) -> pd.DataFrame:
    """Each customer who decides on each day looked at, with his sales of the last year."""
    rows = activity(sources).merge(
        _yearly_sales(sources), on=["as_of_date", "company", "customer"], how="left"
    )
    hundredths = {column: (rows[column].astype(float) * 100).round() for column in _HUNDREDTHS}
    return rows.assign(
        **hundredths,
        net_sales_12_months_excl_tax=rows["net_sales_12_months_excl_tax"].fillna(0).astype(int),
        company_id=company_names(rows["company"]),
        customer_id=customer_names(rows["customer"]),
        is_latest=rows["as_of_date"] == sources.day,
        is_one_time_buyer=rows["order_days"] == 1,
        is_seasonal=rows["season_first_month"].notna(),
        currency_code="EUR",
        probability_alive=_probabilities(sources, rows),
    )


def _yearly_sales(sources: Sources) -> pd.DataFrame:
    """Net sales of the twelve months up to each day looked at, by who decides."""
    lines = revenue_lines(sources)
    found = []
    for day in activity(sources)["as_of_date"].unique():
        after = day - pd.DateOffset(years=1)
        year = lines[(lines["date"] > after) & (lines["date"] <= day)]
        sums = year.groupby(["company", "group"])["amount"].sum()
        found.append(
            sums.rename("net_sales_12_months_excl_tax").reset_index().assign(as_of_date=day)
        )
    return pd.concat(found, ignore_index=True).rename(columns={"group": "customer"})


_AWAY = {"dormant", "lost"}
_WHERE = {"at_risk": "at_risk", "dormant": "dormant", "lost": "lost"}


def customer_retention_monthly(sources: Sources) -> pd.DataFrame:
    """Who was there at the start of each month, came, fell silent, and is there at its end."""
    rows = customer_activity(sources)
    key = ["company_id", "customer_id"]
    days = sorted(rows["as_of_date"].unique())
    found = []
    for before, day in zip([None, *days[:-1]], days, strict=True):
        now = rows[rows["as_of_date"] == day]
        past = rows[rows["as_of_date"] == before].set_index(key)["activity_status"]
        was = now[key].merge(past.rename("was").reset_index(), on=key, how="left")["was"]
        was = was.set_axis(now.index)
        there = ~now["activity_status"].isin(_AWAY)
        was_there = was.notna() & ~was.isin(_AWAY)
        went = now["activity_status"].map(_WHERE).fillna("retained")
        came = was.isna() & there
        known = now["is_first_order_known"]
        parts = {
            "opening": was_there,
            **{each: was_there & (went == each) for each in ("retained", *_WHERE)},
            "new": came & known,
            "first_seen": came & ~known,
            "won_back": was.isin(_AWAY) & there,
            "closing": there,
        }
        counts = {f"{part}_customers": holds.astype(int) for part, holds in parts.items()}
        sales = {
            f"{part}_net_sales_12_months_excl_tax": now["net_sales_12_months_excl_tax"].where(
                holds, 0
            )
            for part, holds in parts.items()
        }
        every = {
            f"all_{status}_customers": (now["activity_status"] == status).astype(int)
            for status in _AWAY
        }
        flags = now[["company_id", "segment", "as_of_date"]].assign(**counts, **sales, **every)
        found.append(flags.groupby(["company_id", "segment", "as_of_date"], as_index=False).sum())
    told = pd.concat(found, ignore_index=True)
    return told.assign(
        month_start=told["as_of_date"].dt.to_period("M").dt.to_timestamp(),
        currency_code="EUR",
        retention_rate=ratio(
            told["retained_customers"] + told["at_risk_customers"], told["opening_customers"]
        ),
    )


# Overview ---------------------------------------------------------------------------------------


def customer_overview(sources: Sources) -> pd.DataFrame:
    """Where each customer account stands on the as-of date."""
    parts: list[pd.DataFrame | pd.Series] = [
        _ordered_on(sources),
        _account_sales(sources),
        _balances(sources),
        _paid(sources),
        _open_orders(sources),
        _open_claims(sources),
    ]
    rows = pd.concat(parts, axis=1).rename_axis(["company_id", "customer_id"]).reset_index()
    contacts = _last_contacts(sources).rename("last_contact_on").reset_index()
    rows = rows.merge(contacts, on=["company_id", "customer_id"], how="left")
    rows = rows.merge(_accounts(sources), on="customer_id", how="left")
    for column in ("customer_group_id", "payer_customer_id"):
        rows[column] = rows[column].fillna(rows["customer_id"])
    rows = rows.fillna({"segment": "unknown", "customer_class": "private"})
    flags = ["is_insolvent", "do_not_remind"]
    rows[flags] = rows[flags].astype("boolean").fillna(False).astype(bool)
    rows = rows.merge(_activity_today(sources), on=["company_id", "customer_group_id"], how="left")
    decides = rows["customer_id"] == rows["customer_group_id"]
    rows["probability_alive"] = rows["probability_alive"].where(decides)
    rows["activity_status"] = rows["activity_status"].fillna("no_orders")
    counts = [column for column in rows.columns if column.endswith(("_count", "_tax"))]
    rows[counts] = rows[counts].fillna(0)
    return rows.assign(
        as_of_date=sources.day,
        currency_code="EUR",
        next_action=[_next_action(row) for row in rows.itertuples()],
    )


def _ordered_on(sources: Sources) -> pd.Series:
    rows = sales(sources)
    rows = rows[rows["is_order"] & rows["confirmed_at"].notna()]
    days = sources.local_day(rows["confirmed_at"])
    key = [company_names(rows["company_id"]), customer_names(rows["partner_id"])]
    return days.groupby(key).max().rename("last_ordered_on")


def _account_sales(sources: Sources) -> pd.Series:
    """Net sales of the last twelve months; accounts invoiced before are there too."""
    lines = revenue_lines(sources)
    is_recent = lines["date"] > sources.day - pd.DateOffset(years=1)
    amount = lines["amount"].where(is_recent, 0)
    sums = amount.groupby([lines["company_id"], customer_names(lines["customer"])]).sum()
    return sums.rename("net_sales_12_months_excl_tax")


def _balances(sources: Sources) -> pd.DataFrame:
    items = open_items(sources)
    items = items[items["is_latest"]]
    is_late = items["days_late"].notna()
    items = items.assign(
        late=is_late.astype(int),
        to_chase=(is_late & (items["promise_status"] != "pending")).astype(int),
        broken=(is_late & (items["promise_status"] == "broken")).astype(int),
        dunning_level=items["dunning_level"].astype("Int64"),
    )
    return items.groupby(["company_id", "customer_id"]).agg(
        balance_incl_tax=("company_open_amount", "sum"),
        overdue_incl_tax=("company_overdue_amount", "sum"),
        late_item_count=("late", "sum"),
        max_days_late=("days_late", "max"),
        dunning_level=("dunning_level", "max"),
        broken_promise_count=("broken", "sum"),
        to_chase=("to_chase", "sum"),
    )


def _paid(sources: Sources) -> pd.DataFrame:
    """Instalments of invoices whose last money came in the last twelve months, and how late."""
    billed = instalments(sources)
    billed = billed[billed["document_type"] == "invoice"]
    paid_on = settlements(sources).groupby("instalment")["paid_on"].max()
    rows = billed.assign(paid_on=paid_on)
    still_open = open_items(sources)
    still_open = still_open[still_open["is_latest"]]["instalment"].dropna().astype("int64")
    year = rows["paid_on"] > sources.day - pd.DateOffset(years=1)
    rows = rows[year & ~rows["id"].isin(still_open)]
    late = (rows["paid_on"] - rows["date_maturity"]).dt.days
    grouped = late.groupby([company_names(rows["company_id"]), customer_names(rows["partner_id"])])
    return pd.DataFrame(
        {"paid_instalment_count": grouped.size(), "median_days_paid_late": grouped.median() * 100}
    )


def _open_orders(sources: Sources) -> pd.DataFrame:
    """What each buyer's order lines still wait for, in both books."""
    last = {(move.line, move.book): move for move in movements(sources)}
    still = [move for move in last.values() if move.after]
    rows = pd.DataFrame(
        {
            "line": [move.line for move in still],
            "to_deliver": [move.book == "to_deliver" for move in still],
            "value": [move.value_after for move in still],
            "due": pd.to_datetime([move.due_after for move in still]),
        }
    )
    rows["order"] = rows["line"].map(order_lines(sources)["order_id"])
    rows["late"] = rows["to_deliver"] & (rows["due"] < sources.day)
    sale = sales(sources)
    rows["company_id"] = company_names(rows["order"].map(sale["company_id"]))
    rows["customer_id"] = customer_names(rows["order"].map(sale["partner_id"]))
    grouped = rows.assign(
        open_order=rows["order"].where(rows["to_deliver"]),
        open_line=rows["to_deliver"].astype(int),
        late_line=rows["late"].astype(int),
        open_value=rows["value"].where(rows["to_deliver"], 0),
        late_value=rows["value"].where(rows["late"], 0),
        invoice_value=rows["value"].where(~rows["to_deliver"], 0),
    ).groupby(["company_id", "customer_id"])
    return grouped.agg(
        open_order_count=("open_order", "nunique"),
        open_line_count=("open_line", "sum"),
        late_line_count=("late_line", "sum"),
        open_orders_excl_tax=("open_value", "sum"),
        late_orders_excl_tax=("late_value", "sum"),
        to_invoice_excl_tax=("invoice_value", "sum"),
    )


def _open_claims(sources: Sources) -> pd.DataFrame:
    """Claims of each customer, and how old the open ones are."""
    claim = claims(sources)
    stretches = claim_stretches(sources)
    is_open = claim["claim"].isin(stretches.loc[stretches["ended_at"].isna(), "claim"])
    account = sources.table("salesforce__case").set_index("Id")["AccountId"]
    rows = claim.assign(
        customer_id=claim["claim"].map(account).map(crm_customers(sources)),
        is_open=is_open.astype(int),
        age=(sources.day - claim["opened_on"]).dt.days.where(is_open),
    )
    return rows.groupby(["company_id", "customer_id"]).agg(
        open_claim_count=("is_open", "sum"), oldest_claim_days=("age", "max")
    )


def _last_contacts(sources: Sources) -> pd.Series:
    rows = contacts(sources)
    return rows.groupby(["company_id", "customer_id"])["day"].max()


def _accounts(sources: Sources) -> pd.DataFrame:
    """What is known of each account."""
    partners = sources.table("odoo__res_partner").set_index("id")
    tags = sources.table("odoo__res_partner_res_partner_category_rel").set_index("partner_id")
    names = sources.table("odoo__res_partner_category").set_index("id")["name"].map(translated)
    meanings = code_map("customer_tag_map", "odoo", "tag", "meaning")
    meaning = tags["category_id"].map(names).str.lower().map(meanings)
    number = pd.Series(partners.index, partners.index)
    # The tag has no date: an account is insolvent since it was last written.
    insolvent = number.isin(meaning.index[meaning == "insolvent"])
    since = sources.local_day(partners["write_date"]).where(insolvent)
    is_public = number.isin(meaning.index[meaning == "public"])
    return pd.DataFrame(
        {
            "customer_id": customer_names(number),
            "customer_group_id": customer_names(number.map(groups(sources))),
            "payer_customer_id": customer_names(partners["commercial_partner_id"]),
            "segment": number.map(segments(sources)),
            "customer_class": is_public.map({True: "public", False: "private"}),
            "is_insolvent": since <= sources.day,
            "do_not_remind": partners["no_overdue_reminder"].fillna(False) | insolvent,
        }
    )


def _activity_today(sources: Sources) -> pd.DataFrame:
    rows = customer_activity(sources)
    columns = ["company_id", "activity_status", "next_order_expected_on", "probability_alive"]
    rows = rows.loc[rows["is_latest"], ["customer_id", *columns]]
    return rows.rename(columns={"customer_id": "customer_group_id"})


def _next_action(row: Any) -> str:
    if row.is_insolvent and (row.balance_incl_tax > 0 or row.open_line_count > 0):
        return "handle_insolvency"
    if row.open_claim_count:
        return "answer_claim"
    if row.late_line_count:
        return "tell_new_date"
    if row.late_item_count and not row.do_not_remind:
        return "chase_payment" if row.to_chase else "await_promised_payment"
    if row.activity_status in ("at_risk", "dormant"):
        return "win_back"
    return "follow_up" if row.activity_status in ("new", "won_back") else "none"


# BG/NBD ------------------------------------------------------------------------------------------

_MINIMUM_REPEAT_BUYERS = 30
_LOG_OF_GREATEST_SUM = 12
"""Of a and b: customers who leave alike would let it grow for ever."""


def _probabilities(sources: Sources, rows: pd.DataFrame) -> pd.Series:
    """Chances that customers are still there, in millionths, by a fit of each company's own."""
    today = rows[rows["as_of_date"] == sources.day]
    found = [_alive(members) for _, members in today.groupby("company")]
    alive = pd.concat(found).where(today["season_first_month"].isna() & (today["order_days"] > 1))
    return (alive * 1_000_000).round().reindex(rows.index)


def _alive(members: pd.DataFrame) -> pd.Series:
    """P(alive) by Fader, Hardie and Lee (2005), in weeks."""
    repeats = members["order_days"].to_numpy(float) - 1
    if (repeats > 0).sum() < _MINIMUM_REPEAT_BUYERS:
        return pd.Series(np.nan, index=members.index)
    first, last = members["first_ordered_on"], members["last_ordered_on"]
    recency = (last - first).dt.days.to_numpy() / 7
    age = (members["as_of_date"] - first).dt.days.to_numpy() / 7

    def loss(parameters: np.ndarray, concentration: float) -> float:
        r, alpha, a, b = _parameters(parameters, concentration)
        stays = -(r + repeats) * np.log(alpha + age)
        leaves = np.where(
            repeats > 0,
            np.log(a / (b + np.maximum(repeats, 1) - 1)) - (r + repeats) * np.log(alpha + recency),
            -np.inf,
        )
        buys = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
        goes_on = gammaln(a + b) + gammaln(b + repeats) - gammaln(b) - gammaln(a + b + repeats)
        return -float((buys + goes_on + np.logaddexp(stays, leaves)).sum())

    # The likelihood hardly falls where a and b grow together, so a + b is first tried step by step.
    fits = [
        (minimize(loss, [1.0, 2.0, -5.0], (each,), method="Nelder-Mead"), each)
        for each in np.geomspace(1, 20_000, 12)
    ]
    near, concentration = min(fits, key=lambda fit: fit[0].fun)
    best = minimize(
        lambda logs: loss(logs[:3], np.exp(min(logs[3], _LOG_OF_GREATEST_SUM))),
        [*near.x, np.log(concentration)],
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 20_000, "maxfev": 20_000},
    )
    r, alpha, a, b = _parameters(best.x[:3], np.exp(min(best.x[3], _LOG_OF_GREATEST_SUM)))
    odds = (
        a / (b + np.maximum(repeats, 1) - 1) * ((alpha + age) / (alpha + recency)) ** (r + repeats)
    )
    return pd.Series(1 / (1 + odds), index=members.index)


def _parameters(logs: np.ndarray, concentration: float) -> tuple[float, float, float, float]:
    share = 1 / (1 + np.exp(-logs[2]))
    return np.exp(logs[0]), np.exp(logs[1]), share * concentration, (1 - share) * concentration


def _at_stake(mart: pd.DataFrame) -> pd.Series:
    """What the last year's sales are worth by the chance that the customer is gone."""
    year = mart["net_sales_12_months_excl_tax"].astype("Int64").clip(lower=0)
    lost = 1_000_000 - mart["probability_alive"].astype("Int64")
    return (year * lost + 500_000) // 1_000_000


def _at_stake_of_group(mart: pd.DataFrame) -> pd.Series:
    """The same by the sales of the whole group, which are told on the account that decides."""
    sales = "net_sales_12_months_excl_tax"
    group = [mart.index.get_level_values("company_id"), mart["customer_group_id"]]
    return _at_stake(mart.assign(**{sales: mart[sales].groupby(group).transform("sum")}))


ORACLES = {
    "customer_activity": Oracle(
        customer_activity,
        ["as_of_date", "company_id", "customer_id"],
        statistics=_HUNDREDTHS,
        fitted={"probability_alive": 200},
        implied={"sales_at_stake_excl_tax": _at_stake},
    ),
    "customer_retention_monthly": Oracle(
        customer_retention_monthly,
        ["month_start", "company_id", "segment"],
        statistics=["retention_rate"],
    ),
    "customer_overview": Oracle(
        customer_overview,
        ["as_of_date", "company_id", "customer_id"],
        statistics=["median_days_paid_late"],
        fitted={"probability_alive": 200},
        implied={"sales_at_stake_excl_tax": _at_stake_of_group},
    ),
}

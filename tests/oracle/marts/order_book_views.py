"""The order book by salesperson, and how long it lasts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.documents import order_lines, sales
from tests.oracle.marts.order_book import blocked_days, rolled_forward
from tests.oracle.oracle import Oracle
from tests.oracle.order_book import movements
from tests.oracle.sources import Sources
from tests.oracle.values import ratio
from tests.oracle.working_time import working_days

_WINDOW_DAYS = 60
_GROUP = [
    "company_id",
    "book",
    "document_type",
    "salesperson_id",
    "site",
    "promised_month",
]


def order_book_by_salesperson_daily(sources: Sources) -> pd.DataFrame:
    """Both books by day and salesperson of the line, else of the order."""
    lines, sale = order_lines(sources), sales(sources)
    order = lines["order_id"]
    person = lines["salesman_id"].fillna(order.map(sale["user_id"]))
    groups = {
        line: (company, "order", salesperson, site)
        for line, company, salesperson, site in zip(
            lines["id"],
            "erp/res.company/" + order.map(sale["company_id"]).astype(str),
            ("erp/res.users/" + person.astype(str)).where(person.notna(), "unknown"),
            order.map(_sites(sources)),
            strict=True,
        )
    }
    return rolled_forward(sources, groups, _GROUP)


def _sites(sources: Sources) -> pd.Series:
    """Site of each order."""
    names = sources.table("odoo__stock_warehouse").set_index("id")["name"]
    site: pd.Series = sales(sources)["warehouse_id"].map(names).fillna("unknown")
    return site


def order_book_coverage_daily(sources: Sources) -> pd.DataFrame:
    """What is to be delivered from each site, and how many working days of shipments it is."""
    lines, sale = order_lines(sources), sales(sources)
    order_of = lines["order_id"].to_dict()
    company, site = sale["company_id"].to_dict(), _sites(sources).to_dict()
    blocked = blocked_days(sources)
    after = sources.day + pd.Timedelta(days=1)
    flows: list[tuple[int, str, pd.Timestamp, str, int]] = []
    ended: dict[int, pd.Timestamp] = {}
    # Backwards, so that each movement knows when the next one ends what it left open.
    for move in reversed(movements(sources)):
        if move.book == "to_invoice":
            continue
        order = order_of[move.line]
        place = (company[order], site[order])
        flows.append((*place, move.day, "closing", move.value_after - move.value_before))
        if move.kind == "fulfilled":
            flows.append((*place, move.day, "shipped", move.value_before - move.value_after))
        for since, until in blocked.get(order, []):
            start, end = max(since, move.day), min(until, ended.get(move.line, after))
            if start < end:
                flows.append((*place, start, "blocked", move.value_after))
                flows.append((*place, end, "blocked", -move.value_after))
        ended[move.line] = move.day
    rows = pd.DataFrame(flows, columns=["company", "site", "day", "what", "amount"])
    found = []
    for (number, name), own in rows.groupby(["company", "site"]):
        days = pd.date_range(own["day"].min(), sources.day)
        sums = own.pivot_table(index="day", columns="what", values="amount", aggfunc="sum")
        sums = sums.reindex(index=days, columns=["closing", "shipped", "blocked"]).fillna(0)
        sums = sums.astype("int64")
        is_open = working_days(sources)[number].reindex(days).to_numpy()
        found.append(
            pd.DataFrame(
                {
                    "company_id": f"erp/res.company/{number}",
                    "as_of_date": days,
                    "site": name,
                    "closing_amount_excl_tax": sums["closing"].cumsum().to_numpy(),
                    "blocked": sums["blocked"].cumsum().to_numpy(),
                    **_window(sums["shipped"].to_numpy(), is_open),
                }
            )
        )
    book = pd.concat(found, ignore_index=True)
    book["released_amount_excl_tax"] = book["closing_amount_excl_tax"] - book["blocked"]
    for name, what in (("", "closing"), ("released_", "released")):
        book[f"{name}coverage_working_days"] = ratio(
            book[f"{what}_amount_excl_tax"] * book["working_days"],
            book["shipped_amount_excl_tax"],
        )
    return book.assign(currency_code="EUR")


def _window(shipped: np.ndarray, is_open: np.ndarray) -> dict[str, np.ndarray]:
    """Shipments since the first of the last working days, and how many of these there were."""
    number = np.cumsum(is_open)
    before = np.concatenate([[0], np.cumsum(shipped)])
    first = np.searchsorted(number, np.maximum(number - _WINDOW_DAYS + 1, 1))
    # While the history is shorter than the window, all of it counts.
    first = np.where(number <= _WINDOW_DAYS, 0, first)
    return {
        "shipped_amount_excl_tax": before[1:] - before[first],
        "working_days": np.minimum(number, _WINDOW_DAYS),
    }


ORACLES = {
    "order_book_by_salesperson_daily": Oracle(
        order_book_by_salesperson_daily,
        [
            "company_id",
            "as_of_date",
            "book",
            "document_type",
            "salesperson_id",
            "site",
            "promised_month",
        ],
    ),
    "order_book_coverage_daily": Oracle(
        order_book_coverage_daily,
        ["company_id", "as_of_date", "site"],
        statistics=["coverage_working_days", "released_coverage_working_days"],
    ),
}

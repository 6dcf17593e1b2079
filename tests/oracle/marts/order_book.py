"""The order book: what is still to be delivered and to be invoiced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.documents import order_lines, order_steps, sales
from tests.oracle.oracle import Oracle
from tests.oracle.order_book import Movement, movements
from tests.oracle.sources import Sources, derived, translated

_GROUP = [
    "company_id",
    "book",
    "document_type",
    "customer_segment",
    "product_range",
    "site",
    "promised_month",
]
_MOVES = ["new", "amended", "fulfilled", "cancelled"]
_FLOWS = [*_MOVES, "past_due", "blocked"]


@derived
def _segments(sources: Sources) -> pd.Series:
    """Segment of each partner: the industry of its commercial entity."""
    partners = sources.table("odoo__res_partner").set_index("id")
    names = sources.table("odoo__res_partner_industry").set_index("id")["name"].map(translated)
    industry = partners["industry_id"].map(names)
    segment: pd.Series = partners["commercial_partner_id"].map(industry).fillna("unknown")
    return segment


@derived
def _ranges(sources: Sources) -> pd.Series:
    """Range of each product variant: the second level of its category's path."""
    variants = sources.table("odoo__product_product").set_index("id")["product_tmpl_id"]
    categories = sources.table("odoo__product_template").set_index("id")["categ_id"]
    paths = sources.table("odoo__product_category").set_index("id")["complete_name"]
    second = paths.str.split(" / ").str[1]
    found: pd.Series = variants.map(categories).map(second).fillna("unknown")
    return found


@derived
def _line_groups(sources: Sources) -> dict[int, tuple[Any, ...]]:
    """Company, document type, segment, range and site of each order line."""
    lines = order_lines(sources)
    sale = sales(sources)
    sites = sources.table("odoo__stock_warehouse").set_index("id")["name"]
    order = lines["order_id"]
    return {
        line: ("erp/res.company/" + str(company), "order", segment, product_range, site)
        for line, company, segment, product_range, site in zip(
            lines["id"],
            order.map(sale["company_id"]),
            order.map(sale["partner_id"]).map(_segments(sources)),
            lines["product_id"].map(_ranges(sources)).fillna("unknown"),
            order.map(sale["warehouse_id"]).map(sites).fillna("unknown"),
            strict=True,
        )
    }


def blocked_days(sources: Sources) -> dict[int, list[tuple[pd.Timestamp, pd.Timestamp]]]:
    """Days at whose end each order was blocked: from, and until (excluded)."""
    after = sources.day + pd.Timedelta(days=1)
    found: dict[int, list[tuple[pd.Timestamp, pd.Timestamp]]] = {}
    for order, steps in order_steps(sources).items():
        if any(status == "blocked" for _, status in steps):
            days = [sources.day_of(at) for at, _ in steps]
            for number, (_, status) in enumerate(steps):
                until = days[number + 1] if number + 1 < len(steps) else after
                if status == "blocked" and until > days[number]:
                    found.setdefault(order, []).append((days[number], until))
    return found


def order_book_daily(sources: Sources) -> pd.DataFrame:
    """Both books by day, rolled forward, with what of them is late and blocked."""
    return rolled_forward(sources, _line_groups(sources), _GROUP)


def rolled_forward(
    sources: Sources, groups: dict[int, tuple[Any, ...]], names: Sequence[str]
) -> pd.DataFrame:
    """The books by day and by the group of each line, of which the names say what its parts are."""
    order_of = order_lines(sources)["order_id"].to_dict()
    blocked = blocked_days(sources)
    after = sources.day + pd.Timedelta(days=1)
    first = min(move.day for move in movements(sources))
    sums: dict[tuple[Any, ...], list[tuple[int, int, int, int]]] = defaultdict(list)
    last: dict[tuple[str, int], Movement] = {}

    def add(group: tuple[Any, ...], day: pd.Timestamp, what: str, lines: int, amount: int) -> None:
        sums[group].append(((day - first).days, _FLOWS.index(what), lines, amount))

    def stands(move: Movement, until: pd.Timestamp) -> None:
        """Between two movements a line is open, late from its due day on, or blocked."""
        if move.after == 0 or until <= move.day:
            return
        group = _group(groups[move.line], move.book, move.due_after)
        if move.due_after is not None:
            late = max(move.day, move.due_after + pd.Timedelta(days=1))
            if late < until:
                add(group, late, "past_due", 1, move.value_after)
                add(group, until, "past_due", -1, -move.value_after)
        if move.book == "to_invoice":
            return
        for since, to in blocked.get(order_of[move.line], []):
            start, end = max(since, move.day), min(to, until)
            if start < end:
                add(group, start, "blocked", 1, move.value_after)
                add(group, end, "blocked", -1, -move.value_after)

    for move in movements(sources):
        before = last.get((move.book, move.line))
        if before is not None:
            stands(before, move.day)
        last[move.book, move.line] = move
        old = _group(groups[move.line], move.book, move.due_before)
        new = _group(groups[move.line], move.book, move.due_after)
        was, is_open = int(move.before > 0), int(move.after > 0)
        if was and is_open and old != new:
            # What stays open goes to another month; what left did so from the old one.
            kept = min(move.value_before, move.value_after)
            _book(add, old, move, move.value_before - kept, 0, move.kind)
            add(old, move.day, "amended", -1, -kept)
            add(new, move.day, "amended", 1, kept)
            _book(add, new, move, 0, move.value_after - kept, move.kind)
            continue
        group = new if is_open else old
        sign = -1 if move.kind in ("fulfilled", "cancelled") else 1
        add(
            group,
            move.day,
            move.kind,
            sign * (is_open - was),
            sign * (move.value_after - move.value_before),
        )
    for move in last.values():
        stands(move, after)
    days = pd.date_range(first, sources.day)
    found = [_daily(days, names, group, flows) for group, flows in sums.items()]
    joined = {column: np.concatenate([part[column] for part in found]) for column in found[0]}
    return pd.DataFrame(joined).assign(currency_code="EUR")


def _group(of_line: tuple[Any, ...], book: str, due: pd.Timestamp | None) -> tuple[Any, ...]:
    company, kind, *others = of_line
    month = None if due is None else due.replace(day=1)
    return (company, book, kind, *others, month)


def _book(
    add: Callable[[tuple[Any, ...], pd.Timestamp, str, int, int], None],
    group: tuple[Any, ...],
    move: Movement,
    gone: int,
    come: int,
    kind: str,
) -> None:
    sign = -1 if kind in ("fulfilled", "cancelled") else 1
    add(group, move.day, kind, 0, sign * (come - gone))


def _daily(
    days: pd.DatetimeIndex,
    names: Sequence[str],
    group: tuple[Any, ...],
    flows: list[tuple[int, int, int, int]],
) -> dict[str, np.ndarray]:
    """A group's days on which something moved or was open at the end."""
    day, flow, lines, amount = np.array(flows, dtype="int64").T
    sums = np.zeros((len(days) + 1, len(_FLOWS), 2), dtype="int64")
    np.add.at(sums, (day, flow), np.stack([lines, amount], axis=1))
    sums = sums[:-1]
    moved = sums[:, : len(_MOVES)]
    change = moved[:, 0] + moved[:, 1] - moved[:, 2] - moved[:, 3]
    closing = change.cumsum(axis=0)
    standing = sums[:, len(_MOVES) :].cumsum(axis=0)
    kept = (closing[:, 0] > 0) | moved.any(axis=(1, 2))
    columns: dict[str, np.ndarray] = {"as_of_date": days[kept].to_numpy()}
    for name, value in zip(names, group, strict=True):
        columns[name] = np.full(kept.sum(), value, dtype=object)
    for number, unit in enumerate(("lines", "amount_excl_tax")):
        columns[f"closing_{unit}"] = closing[kept, number]
        columns[f"opening_{unit}"] = (closing - change)[kept, number]
        for place, what in enumerate(_MOVES):
            columns[f"{what}_{unit}"] = moved[kept, place, number]
        for place, what in enumerate(_FLOWS[len(_MOVES) :]):
            columns[f"{what}_{unit}"] = standing[kept, place, number]
    return columns


ORACLES = {
    "order_book_daily": Oracle(
        order_book_daily,
        [
            "company_id",
            "as_of_date",
            "book",
            "document_type",
            "customer_segment",
            "product_range",
            "site",
            "promised_month",
        ],
    ),
}

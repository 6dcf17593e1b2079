"""Stock information: shortages before they are late deliveries."""

from __future__ import annotations

import pandas as pd

from tests.oracle.lines import ranges
from tests.oracle.oracle import Oracle
from tests.oracle.sources import Sources
from tests.oracle.supply import PLACE, covered, open_lines, probable_demand, receipts, stock

_MILLION = 1_000_000


def stock_coverage(sources: Sources) -> pd.DataFrame:
    """Stock, receipts and demand of each product at each site, and what will be missing when."""
    firm, probable = open_lines(sources), probable_demand(sources)
    to_come, kept = receipts(sources), stock(sources)
    counted = to_come[to_come["day"] >= sources.day]
    overdue = to_come[to_come["day"] < sources.day]
    found = pd.DataFrame(
        {
            "quantity_on_hand": kept["on_hand"],
            "quantity_reserved": kept["reserved"],
            "receipt_quantity": counted.groupby(PLACE)["quantity"].sum(),
            "next_receipt_on": counted.groupby(PLACE)["day"].min(),
            "overdue_receipt_quantity": overdue.groupby(PLACE)["quantity"].sum(),
            "firm_quantity": firm.groupby(PLACE)["open"].sum(),
            "probable_quantity": probable.groupby(PLACE)["quantity"].sum(),
        }
    )
    for column in ("receipt", "overdue_receipt", "firm", "probable"):
        found[f"{column}_quantity"] = found[f"{column}_quantity"].fillna(0)
    # Nothing can be said of a product where no stock of it is kept.
    found["is_stocked"] = found["quantity_on_hand"].notna()
    wanted = firm.rename(columns={"wanted": "day", "open": "quantity"})[[*PLACE, "day", "quantity"]]
    wanted = wanted.assign(quantity=wanted["quantity"].astype("int64") * _MILLION)
    for suffix, demand in (("", wanted), ("_with_quotes", pd.concat([wanted, probable]))):
        short = _shortages(sources, kept["on_hand"], counted, demand).reindex(found.index)
        found[f"first_day_short{suffix}"] = short["day"]
        found[f"quantity_short{suffix}"] = short["quantity"].fillna(0).where(found["is_stocked"])
    lines = covered(sources)
    risky = lines[~(lines["covered_on"] <= lines["wanted"])].groupby(PLACE)
    for column, values in (
        ("orders_at_risk", risky["order"].nunique()),
        ("lines_at_risk", risky.size()),
        ("amount_at_risk_excl_tax", risky["open_amount"].sum()),
    ):
        found[column] = values.reindex(found.index).fillna(0).where(found["is_stocked"])
    for column in ("probable_quantity", "quantity_short", "quantity_short_with_quotes"):
        # Half away from zero.
        found[column] = (found[column].astype("Int64") + _MILLION // 2) // _MILLION
    found = found.reset_index()
    return found.assign(
        as_of_date=sources.day,
        product_id="erp/product.product/" + found["product"].astype(int).astype(str),
        product_range=found["product"].map(ranges(sources)).fillna("unknown"),
        currency_code="EUR",
    )


def _shortages(
    sources: Sources, on_hand: pd.Series, arriving: pd.DataFrame, demand: pd.DataFrame
) -> pd.DataFrame:
    """First day on which something is missing, and the most that is on any day, in millionths."""
    start = on_hand.rename("quantity").reset_index().assign(day=sources.day)
    comes = pd.concat([start, arriving])
    comes["quantity"] = comes["quantity"].astype("int64") * _MILLION
    goes = demand.assign(quantity=-demand["quantity"])
    flows = pd.concat([comes, goes])[[*PLACE, "day", "quantity"]]
    daily = flows.groupby([*PLACE, "day"])["quantity"].sum()
    balance = daily.groupby(level=PLACE).cumsum().reset_index()
    balance = balance.set_index(PLACE)
    balance = balance[balance.index.isin(on_hand.index) & (balance["quantity"] < 0)]
    grouped = balance.groupby(level=PLACE)
    return pd.DataFrame({"day": grouped["day"].min(), "quantity": -grouped["quantity"].min()})


ORACLES = {
    "stock_coverage": Oracle(
        stock_coverage,
        ["company_id", "product_id", "site"],
    ),
}

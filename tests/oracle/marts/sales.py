"""What sells: products, ranges and customers by month, and what part products play."""

from __future__ import annotations

import pandas as pd

from tests.oracle.oracle import Oracle
from tests.oracle.revenue import customer_names, revenue_lines
from tests.oracle.sources import Sources

_A_SHARE, _B_SHARE = 0.80, 0.95
_SUMS = {
    "line_count": ("line", "size"),
    "net_sales_excl_tax": ("amount", "sum"),
    "net_quantity": ("quantity", "sum"),
    "cost_excl_tax": ("cost", "sum"),
}


def top_sales_monthly(sources: Sources) -> pd.DataFrame:
    """Everything that sold in a month, ranked within its level."""
    rows = revenue_lines(sources)
    members = {
        "product": rows["product"],
        "range": rows["product_range"],
        "customer": customer_names(rows["customer"]),
    }
    found = pd.concat(
        [
            rows.assign(member_id=member, level=level)
            .groupby(["month", "company_id", "level", "member_id"])
            .agg(**_SUMS)
            for level, member in members.items()
        ]
    ).reset_index()
    found = found.rename(columns={"month": "month_start"}).assign(
        currency_code="EUR",
        unit="Unités",
        cost_method="unit_cost_at_shipment",
        # The cost of every line is known.
        costed_sales_excl_tax=found["net_sales_excl_tax"],
        margin_excl_tax=found["net_sales_excl_tax"] - found["cost_excl_tax"],
    )
    found["margin_rate"] = ratio(found["margin_excl_tax"], found["costed_sales_excl_tax"])
    found = found.sort_values(["net_sales_excl_tax", "member_id"], ascending=[False, True])
    level = found.groupby(["month_start", "company_id", "level"])
    found["sales_rank"] = level.cumcount() + 1
    for what, amount in (("quantity", "net_quantity"), ("margin", "margin_excl_tax")):
        found[f"{what}_rank"] = level[amount].rank("min", ascending=False).astype(int)
    found["positive"] = found["net_sales_excl_tax"].clip(lower=0)
    level = found.groupby(["month_start", "company_id", "level"])
    found["positive_sales_excl_tax"] = level["positive"].transform("sum")
    found["cumulated_sales_excl_tax"] = level["positive"].cumsum()
    whole, sold = found["positive_sales_excl_tax"], found["positive"] > 0
    found["sales_share"] = ratio(found["net_sales_excl_tax"], whole).where(sold)
    found["cumulated_share"] = ratio(found["cumulated_sales_excl_tax"], whole).where(sold)
    before = found["cumulated_sales_excl_tax"] - found["positive"]
    found["abc_class"] = "C"
    found.loc[before < _B_SHARE * whole, "abc_class"] = "B"
    found.loc[before < _A_SHARE * whole, "abc_class"] = "A"
    found.loc[~sold, "abc_class"] = "none"
    return found


def ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """In millionths, as marts keep six decimals; empty where there is nothing to share."""
    return (part / whole.where(whole != 0) * 1_000_000).round().astype("Int64")


ORACLES = {
    "top_sales_monthly": Oracle(
        top_sales_monthly,
        ["month_start", "company_id", "level", "sales_rank"],
        statistics=["margin_rate", "sales_share", "cumulated_share"],
    ),
}

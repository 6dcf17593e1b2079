"""What part products play: what they sell along with, who begins with them, what that earns.

A basket is an order as it was invoiced, without freight and services, on the day of the order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.marts.sales import ratio
from tests.oracle.oracle import Oracle
from tests.oracle.revenue import products, revenue_lines
from tests.oracle.sources import Sources, derived, seed

_PAIR_SHARE, _PAIR_BASKETS = 0.002, 20
_ENTRY_CUSTOMERS, _ENTRY_Z = 10, 3
_FOLLOW_ON = pd.Timedelta(days=365)
_PRODUCT = ["company_id", "product"]
_STRATUM = ["company_id", "segment", "quarter"]


def product_role(sources: Sources) -> pd.DataFrame:
    """Each product that was ever sold, with the components of its role."""
    parts = [
        _sales(sources),
        _partners(sources),
        _basket_margins(sources),
        _first_orders(sources),
        _follow_on(sources),
    ]
    rows = pd.concat(parts, axis=1).rename_axis(_PRODUCT).reset_index()
    counts = ["first_order_count", "later_order_share", "follow_on_customer_count"]
    rows[counts] = rows[counts].fillna(0)
    rows["all_first_order_count"] = rows["company_id"].map(_customers_by_company(sources))
    rows["first_order_share"] = ratio(rows["first_order_count"], rows["all_first_order_count"])
    expected = rows["later_order_share"]
    error = np.sqrt(expected * (1 - expected) / rows["all_first_order_count"])
    beyond = rows["first_order_count"] / rows["all_first_order_count"] - expected
    z: pd.Series = (beyond / error).where(expected > 0)
    codes = {row["product_code"] for row in seed("declared_loss_leaders")}
    product = products(sources).set_index("product")
    company = rows.groupby("company_id")
    is_top = rows["net_sales_excl_tax"] > company["net_sales_excl_tax"].transform("quantile", 0.8)
    is_thin = rows["exact_rate"] <= company["exact_rate"].transform("quantile", 0.25)
    begins = (rows["first_order_count"] >= _ENTRY_CUSTOMERS) & (z >= _ENTRY_Z)
    is_above = rows["follow_on_margin_excl_tax"] > rows["matched_follow_on_margin_excl_tax"]
    is_declared = rows["product"].map(product["code"]).isin(codes)
    return rows.assign(
        as_of_date=sources.day,
        product_id=rows["product"],
        product_range=rows["product"].map(product["product_range"]),
        currency_code="EUR",
        later_order_share=(expected * 1_000_000).round(),
        first_order_z=(z * 100).round(),
        begins_customers=begins,
        follow_on_is_above=is_above,
        is_in_bottom_margin_quartile=is_thin,
        is_top_seller=is_top,
        is_declared_loss_leader=is_declared,
        is_entry_product=begins & is_above,
        is_loss_leader=begins & is_above & is_thin,
        is_unsuspected=~is_declared & ~is_top,
    )


@derived
def _lines(sources: Sources) -> pd.DataFrame:
    rows = revenue_lines(sources)
    rows = rows[rows["line_type"] == "product"]
    return rows.assign(margin=rows["amount"] - rows["cost"])


@derived
def _baskets(sources: Sources) -> pd.DataFrame:
    """Orders that were invoiced, by order: customer who decides, his segment, day and margin."""
    rows = _lines(sources)
    found = rows.groupby("order").agg(
        company_id=("company_id", "first"),
        customer=("group", "first"),
        segment=("segment", "first"),
        margin=("margin", "sum"),
    )
    ordered = sources.table("odoo__sale_order").set_index("id")["date_order"]
    found["day"] = sources.local_day(ordered.reindex(found.index))
    found["quarter"] = found["day"].dt.to_period("Q")
    found["began_on"] = found.groupby(["company_id", "customer"])["day"].transform("min")
    found["is_first"] = found["day"] == found["began_on"]
    return found


@derived
def _contents(sources: Sources) -> pd.DataFrame:
    """Which product is in which basket."""
    pairs = _lines(sources)[["order", "product"]].drop_duplicates()
    return pairs.join(_baskets(sources), on="order")


def _sales(sources: Sources) -> pd.DataFrame:
    rows = _lines(sources)
    sums = rows.groupby(_PRODUCT)[["amount", "margin"]].sum()
    baskets = _contents(sources).groupby(_PRODUCT).size()
    every = _baskets(sources).groupby("company_id").size()
    all_baskets = baskets.index.get_level_values(0).map(every)
    return pd.DataFrame(
        {
            "net_sales_excl_tax": sums["amount"],
            "costed_sales_excl_tax": sums["amount"],
            "margin_excl_tax": sums["margin"],
            "margin_rate": ratio(sums["margin"], sums["amount"]),
            "exact_rate": sums["margin"] / sums["amount"].where(sums["amount"] != 0),
            "basket_count": baskets,
            "all_basket_count": pd.Series(all_baskets, baskets.index),
            "support": ratio(baskets, pd.Series(all_baskets, baskets.index)),
        }
    )


def _partners(sources: Sources) -> pd.DataFrame:
    """The product with which each is found together most beyond chance."""
    baskets = _contents(sources)[["company_id", "order", "product"]]
    counts = baskets.groupby(_PRODUCT).size()
    every = baskets.groupby("company_id")["order"].nunique()
    pairs = baskets.merge(baskets, on=["company_id", "order"], suffixes=("", "_partner"))
    pairs = pairs[pairs["product"] != pairs["product_partner"]]
    rows = pairs.groupby([*_PRODUCT, "product_partner"]).size().rename("both").reset_index()
    rows["all"] = rows["company_id"].map(every)
    rows = rows[(rows["both"] >= _PAIR_BASKETS) & (rows["both"] >= _PAIR_SHARE * rows["all"])]
    rows = rows.join(counts.rename("own"), on=_PRODUCT)
    rows = rows.join(counts.rename("partner"), on=["company_id", "product_partner"])
    rows["exact_lift"] = rows["both"] * rows["all"] / (rows["own"] * rows["partner"])
    rows = rows.sort_values("exact_lift").drop_duplicates(_PRODUCT, keep="last")
    return (
        rows.assign(
            confidence=ratio(rows["both"], rows["own"]),
            lift=(rows["exact_lift"] * 1_000_000).round(),
        )
        .rename(
            columns={
                "product_partner": "partner_product_id",
                "partner": "partner_basket_count",
                "both": "pair_basket_count",
            }
        )
        .set_index(_PRODUCT)[
            [
                "partner_product_id",
                "partner_basket_count",
                "pair_basket_count",
                "confidence",
                "lift",
            ]
        ]
    )


def _matched(those: pd.DataFrame, everyone: pd.DataFrame, by: list[str], what: str) -> pd.DataFrame:
    """Number and mean of those with a product, and the mean of the others of the same strata."""
    own = those.groupby([*_PRODUCT, *by[1:]])[what].agg(["size", "sum"]).reset_index()
    every = everyone.groupby(by)[what].agg(["size", "sum"]).add_suffix("_all")
    own = own.join(every, on=by)
    others = own["size_all"] - own["size"]
    own = own[others > 0].assign(mean=(own["sum_all"] - own["sum"]) / others.where(others > 0))
    own["expected"] = own["size"] * own["mean"]
    sums = own.groupby(_PRODUCT)[["size", "sum", "expected"]].sum()
    return pd.DataFrame(
        {
            "count": sums["size"],
            "with": (sums["sum"] / sums["size"]).round(),
            "without": (sums["expected"] / sums["size"]).round(),
        }
    )


def _basket_margins(sources: Sources) -> pd.DataFrame:
    found = _matched(_contents(sources), _baskets(sources), ["company_id", "segment"], "margin")
    return found.set_axis(
        ["matched_basket_count", "basket_margin_with_excl_tax", "basket_margin_without_excl_tax"],
        axis=1,
    )


@derived
def _beginners(sources: Sources) -> pd.DataFrame:
    """Customers in whose segment others bought again in the quarter of their first order."""
    baskets = _baskets(sources)
    first = baskets[baskets["is_first"]].drop_duplicates(["company_id", "customer"])
    later = baskets[~baskets["is_first"]].groupby(_STRATUM).size().rename("later")
    return first.join(later, on=_STRATUM, how="inner")


def _customers_by_company(sources: Sources) -> pd.Series:
    return _beginners(sources).groupby("company_id").size()


def _began_with(sources: Sources) -> pd.DataFrame:
    """Which product was in which customer's first day of purchase."""
    rows = _contents(sources)
    return rows[rows["is_first"]].drop_duplicates([*_PRODUCT, "customer"])


def _first_orders(sources: Sources) -> pd.DataFrame:
    """First orders with each product, and the share expected of the later ones."""
    beginners = _beginners(sources)
    began = _began_with(sources).merge(beginners[["company_id", "customer"]])
    strata = beginners.groupby(_STRATUM).agg(customers=("later", "size"), later=("later", "first"))
    contents = _contents(sources)
    later = contents[~contents["is_first"]].groupby([*_PRODUCT, "segment", "quarter"]).size()
    rows = later.rename("with").reset_index().join(strata, on=_STRATUM, how="inner")
    rows["expected"] = rows["customers"] * rows["with"] / rows["later"]
    expected = rows.groupby(_PRODUCT)["expected"].sum()
    whole = expected.index.get_level_values(0).map(_customers_by_company(sources))
    return pd.DataFrame(
        {
            "first_order_count": began.groupby(_PRODUCT).size(),
            "later_order_share": expected / whole,
        }
    )


def _follow_on(sources: Sources) -> pd.DataFrame:
    """Margins of the year after a first order, with each product in it and without."""
    baskets = _baskets(sources)
    after = baskets["day"] - baskets["began_on"]
    year = baskets[(after > pd.Timedelta(0)) & (after <= _FOLLOW_ON)]
    earned = year.groupby(["company_id", "customer"])["margin"].sum().rename("earned")
    first = baskets[baskets["is_first"]].drop_duplicates(["company_id", "customer"])
    first = first[first["began_on"] + _FOLLOW_ON <= sources.day]
    first = first.join(earned, on=["company_id", "customer"]).fillna({"earned": 0})
    began = _began_with(sources).merge(first[["company_id", "customer", "earned"]])
    return _matched(began, first, _STRATUM, "earned").set_axis(
        [
            "follow_on_customer_count",
            "follow_on_margin_excl_tax",
            "matched_follow_on_margin_excl_tax",
        ],
        axis=1,
    )


ORACLES = {
    "product_role": Oracle(
        product_role,
        ["as_of_date", "company_id", "product_id"],
        statistics=[
            "margin_rate",
            "support",
            "confidence",
            "lift",
            "basket_margin_with_excl_tax",
            "basket_margin_without_excl_tax",
            "first_order_share",
            "later_order_share",
            "first_order_z",
            "follow_on_margin_excl_tax",
            "matched_follow_on_margin_excl_tax",
        ],
    )
}

"""How things develop: measures by month, and product ranges against the year before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.tsa.seasonal import STL

from tests.oracle.claims import claims
from tests.oracle.documents import documents, order_lines
from tests.oracle.marts.sales import ratio
from tests.oracle.oracle import Oracle
from tests.oracle.revenue import revenue_lines
from tests.oracle.sources import UNIT, Sources, derived

_ADJUSTED_MONTHS = 24
_SLOPE_MONTHS = 24
_P_VALUE = 0.05
_MINIMUM_CHANGE = 0.10
_MINIMUM_LINES = 60
_STATISTICS = ["seasonally_adjusted_value", "trend_value", "slope_per_month", "slope_p_value"]


# Series -----------------------------------------------------------------------------------------


def _happenings(sources: Sources) -> pd.DataFrame:
    """All that the series count and add up: measure, member, company_id, day and value."""
    papers = documents(sources).set_index("document_id")
    kinds = {
        "quote": ("quotes", "entered_date"),
        "order": ("orders", "validated_date"),
        "delivery_note": ("deliveries", "closed_date"),
    }
    parts = [
        _series(measure, papers[papers["document_type"] == kind], day)
        for kind, (measure, day) in kinds.items()
    ]
    orders = papers[papers["document_type"] == "order"]
    # A deposit is a line of its order (docs/DECISIONS.md).
    orders = orders.assign(lines=orders["line_count"] * UNIT)
    parts.append(_series("order_lines", orders, "validated_date", "lines"))
    of_order = order_lines(sources).groupby("order_id")["company_amount"].sum()
    of_order.index = "erp/sale.order/" + of_order.index.astype(str)
    orders["ordered"] = of_order.reindex(orders.index).fillna(0).astype("int64")
    parts.append(_series("ordered_excl_tax", orders, "validated_date", "ordered"))
    sold = revenue_lines(sources)
    bills = sold.drop_duplicates("move_id")
    parts.append(_series("invoices", bills[~bills["is_credit"]], "date"))
    parts.append(_series("credit_notes", bills[bills["is_credit"]], "date"))
    parts.append(_series("net_sales_excl_tax", sold, "date", "amount"))
    parts.append(_series("claims", claims(sources), "opened_on"))
    for product_range, rows in sold.groupby("product_range"):
        parts.append(_series("net_sales_excl_tax", rows, "date", "amount", str(product_range)))
    return pd.concat(parts, ignore_index=True)


def _series(
    measure: str, rows: pd.DataFrame, day: str, value: str | None = None, member: str = "all"
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": measure,
            "member": member,
            "company_id": rows["company_id"],
            "day": rows[day],
            "value": rows[value] if value else UNIT,
        }
    ).dropna(subset=["day"])


@derived
def monthly_series(sources: Sources) -> pd.DataFrame:
    """One row per company, measure, member and month since the member's first, with statistics."""
    rows = _happenings(sources)
    rows["month_start"] = rows["day"].dt.to_period("M").dt.to_timestamp()
    began = rows.groupby(["company_id", "measure"])["month_start"].min()
    this_month = sources.day.to_period("M").to_timestamp()
    cut_off = this_month if sources.day != sources.day + pd.offsets.MonthEnd(0) else None
    found = []
    for names, values in rows.groupby(["company_id", "measure", "member"]):
        monthly = values.groupby("month_start")["value"].sum()
        months = pd.date_range(monthly.index.min(), this_month, freq="MS", name="month_start")
        series = monthly.reindex(months, fill_value=0).astype("int64").to_frame()
        keys: dict[str, Any] = dict(zip(("company_id", "measure", "member"), names, strict=True))
        first_month = began[keys["company_id"], keys["measure"]]
        series["is_whole_month"] = (months != first_month) & (months != cut_off)
        found.append(_with_statistics(series).reset_index().assign(**keys))
    return pd.concat(found, ignore_index=True)


def _with_statistics(series: pd.DataFrame) -> pd.DataFrame:
    series["slope_months"] = 0
    series[_STATISTICS] = np.nan
    whole = series.index[series["is_whole_month"]]
    if len(whole) >= _ADJUSTED_MONTHS:
        values = series.loc[whole, "value"].to_numpy(float) / UNIT
        fit = STL(values, period=12, seasonal=10 * len(values) + 1, robust=True).fit()
        adjusted = values - fit.seasonal
        last = values[-_SLOPE_MONTHS:]
        changes = (last[12:] - last[:12]) / 12
        # Two years: twelve pairs of the same month, each as likely up as down by chance.
        score, pairs = np.sign(changes).sum(), (changes != 0).sum()
        distance = max(abs(score) - 1, 0) / np.sqrt(pairs) if pairs else 0
        series.loc[whole, "seasonally_adjusted_value"] = adjusted * UNIT
        series.loc[whole, "trend_value"] = fit.trend * UNIT
        series.loc[whole, "slope_per_month"] = np.median(changes) * UNIT
        series.loc[whole, "slope_p_value"] = 2 * stats.norm.sf(distance) * 1_000_000
        series.loc[whole, "slope_months"] = len(last)
    return series


def trends_monthly(sources: Sources) -> pd.DataFrame:
    """Measures of the whole company with the same month of the year before."""
    rows = monthly_series(sources)
    rows = rows[rows["member"] == "all"]
    key = ["company_id", "measure", "month_start"]
    last_year = rows.loc[rows["is_whole_month"], [*key, "value"]]
    last_year = last_year.assign(month_start=last_year["month_start"] + pd.DateOffset(years=1))
    rows = rows.merge(last_year.rename(columns={"value": "last_year_value"}), on=key, how="left")
    before = rows["last_year_value"].where(rows["is_whole_month"])
    change = rows["value"] - before
    return rows.assign(
        unit=np.where(rows["measure"].str.endswith("_excl_tax"), "EUR", "count"),
        last_year_value=before,
        year_on_year_change=change,
        year_on_year_rate=ratio(change, before),
        **{column: rows[column].round() for column in _STATISTICS},
    )


# Ranges -----------------------------------------------------------------------------------------


def range_momentum(sources: Sources) -> pd.DataFrame:
    """Net sales of each range's last twelve months against the twelve before, effects apart."""
    now_starts_on = sources.day - pd.DateOffset(years=1) + pd.Timedelta(days=1)
    before_starts_on = sources.day - pd.DateOffset(years=2) + pd.Timedelta(days=1)
    every = revenue_lines(sources)
    rows = every[every["date"] >= before_starts_on].copy()
    rows["is_now"] = rows["date"] >= now_starts_on
    rows["constant_amount"] = rows["amount"] - _exchange_effects(rows)
    began = every.groupby("company_id")["date"].min()
    found = []
    for (company, product_range), lines in rows.groupby(["company_id", "product_range"]):
        found.append(
            {
                "company_id": company,
                "product_range": product_range,
                "has_two_years": bool(began[company] <= before_starts_on),
                **_effects(lines),
            }
        )
    told = pd.DataFrame(found)
    series = monthly_series(sources).sort_values("month_start")
    series = series[(series["member"] != "all") & series["is_whole_month"]]
    last = series.drop_duplicates(["company_id", "member"], keep="last")
    told = told.merge(
        last[["company_id", "member", "slope_per_month", "slope_p_value", "slope_months"]],
        left_on=["company_id", "product_range"],
        right_on=["company_id", "member"],
        how="left",
    )
    told["change_rate"] = ratio(told["change_excl_tax"], told["net_sales_before_excl_tax"])
    return told.assign(
        as_of_date=sources.day,
        currency_code="EUR",
        before_starts_on=before_starts_on,
        now_starts_on=now_starts_on,
        slope_per_month_excl_tax=told["slope_per_month"].round(),
        slope_p_value=told["slope_p_value"].round(),
        slope_months=told["slope_months"].fillna(0),
        momentum=[_momentum(row) for row in told.itertuples()],
    )


def _effects(lines: pd.DataFrame) -> dict[str, int]:
    """Price, volume, mix, new, discontinued and currency effects of a range."""
    before, now = lines[~lines["is_now"]], lines[lines["is_now"]]
    columns = {"quantity": ("quantity", "sum"), "amount": ("constant_amount", "sum")}
    old, new = (part.groupby("product").agg(**columns) for part in (before, now))
    # What was sold and came back was not sold.
    old, new = old[old["quantity"] > 0], new[new["quantity"] > 0]
    both = old.join(new, how="inner", lsuffix="_before", rsuffix="_now")
    volume = mix = 0
    total = both.sum()
    if total["quantity_before"]:
        average = total["amount_before"] / total["quantity_before"]
        moved = total["quantity_now"] - total["quantity_before"]
        volume = round(moved * average)
        old_price = both["amount_before"] / both["quantity_before"]
        at_old_prices = (old_price * both["quantity_now"]).sum()
        mix = round(at_old_prices - total["amount_before"] - moved * average)
    effects = {
        "volume": volume,
        "mix": mix,
        "new": round(new.loc[new.index.difference(old.index), "amount"].sum()),
        "discontinued": -round(old.loc[old.index.difference(new.index), "amount"].sum()),
        "currency": round((now["amount"] - now["constant_amount"]).sum()),
    }
    sold_before, sold_now = int(before["amount"].sum()), int(now["amount"].sum())
    effects["price"] = sold_now - sold_before - sum(effects.values())
    return {
        "net_sales_before_excl_tax": sold_before,
        "net_sales_now_excl_tax": sold_now,
        "change_excl_tax": sold_now - sold_before,
        **{f"{name}_effect_excl_tax": effect for name, effect in effects.items()},
        "products_before": len(old),
        "products_now": len(new),
        "line_count_before": len(before),
        "line_count_now": len(now),
    }


def _exchange_effects(rows: pd.DataFrame) -> pd.Series:
    """What each sale of the last twelve months is worth beyond its worth at the rates before.

    The rate of a period is that of all that a company invoiced in the currency.
    """
    key = ["company_id", "currency"]
    sums = rows[~rows["is_now"]].groupby(key)[["amount", "currency_amount"]].sum()
    rates = (sums["amount"] / sums["currency_amount"]).rename("rate")
    rate = rows[key].merge(rates.reset_index(), on=key, how="left")["rate"].set_axis(rows.index)
    at_old_rates = (rows["currency_amount"] * rate).where(rows["currency"] != "EUR")
    return (rows["amount"] - at_old_rates).where(rows["is_now"]).fillna(0)


def _momentum(row: Any) -> str:
    has_slope = row.slope_months >= _SLOPE_MONTHS
    line_count = row.line_count_before + row.line_count_now
    if not row.has_two_years or not has_slope or line_count < _MINIMUM_LINES:
        return "too_little"
    is_clear = row.slope_p_value < _P_VALUE * 1_000_000
    if is_clear and row.slope_per_month > 0 and row.change_rate >= _MINIMUM_CHANGE * 1_000_000:
        return "growing"
    if is_clear and row.slope_per_month < 0 and row.change_rate <= -_MINIMUM_CHANGE * 1_000_000:
        return "declining"
    return "flat"


ORACLES = {
    "trends_monthly": Oracle(
        trends_monthly,
        ["month_start", "company_id", "measure"],
        statistics=["year_on_year_rate", *_STATISTICS],
    ),
    "range_momentum": Oracle(
        range_momentum,
        ["as_of_date", "company_id", "product_range"],
        statistics=["change_rate", "slope_per_month_excl_tax", "slope_p_value"],
    ),
}

"""The purchase model against its authors' published estimates."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import optimize

from kpi_statistics import lifetimes

CDNOW = lifetimes.BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    """The data set that the authors fitted, as the lifetimes package ships it."""
    found = find_spec("lifetimes")
    assert found is not None and found.origin is not None
    return pd.read_csv(Path(found.origin).parent / "datasets" / "cdnow_customers_summary.csv")


def test_the_fit_is_the_published_one(cdnow: pd.DataFrame) -> None:
    model = lifetimes.fit(
        *(cdnow[column].to_numpy(dtype=np.float64) for column in ("frequency", "recency", "T"))
    )
    assert model is not None
    found = [model.r, model.alpha, model.a, model.b]
    assert found == pytest.approx([CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b], abs=0.001)


@pytest.mark.parametrize(
    ("frequency", "recency", "expected"),
    [(0, 0.0, 1.0), (1, 1.71, 0.2121), (2, 30.43, 0.7266), (5, 35.0, 0.8324), (5, 10.0, 0.0248)],
)
def test_a_long_silence_makes_a_frequent_buyer_less_likely_alive(
    frequency: int, recency: float, expected: float
) -> None:
    alive = CDNOW.probability_alive(
        np.array([float(frequency)]), np.array([recency]), np.array([38.86])
    )
    assert alive[0] == pytest.approx(expected, abs=0.00005)


def test_where_customers_leave_alike_their_common_chance_is_found() -> None:
    """Then nothing tells how much the chances differ, and the sum of a and b grows to its bound."""
    purchases = drawn_purchases(seed=3)
    model = lifetimes.fit(*history(purchases, pd.Timestamp("2025-09-26")))
    assert model is not None
    assert model.a / (model.a + model.b) == pytest.approx(0.1, abs=0.02)
    assert model.a + model.b > 50


def test_a_search_that_rounding_stops_at_the_top_has_found_it(
    cdnow: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = optimize.minimize

    def stopped(*given: Any, **options: Any) -> Any:
        found = search(*given, **options)
        found.success = False
        return found

    monkeypatch.setattr(optimize, "minimize", stopped)
    known = [cdnow[column].to_numpy(dtype=np.float64) for column in ("frequency", "recency", "T")]
    assert lifetimes.fit(*known) is not None
    monkeypatch.setattr(lifetimes, "_FLAT", 0.0)
    assert lifetimes.fit(*known) is None


def test_nothing_is_fitted_to_a_handful_of_customers() -> None:
    some = np.full(lifetimes.MINIMUM_REPEAT_BUYERS - 1, 3.0)
    assert lifetimes.fit(some, some, some + 1) is None


def drawn_purchases(seed: int) -> pd.DataFrame:
    """Customers who buy at a rate of their own and leave after any purchase with chance 0.1."""
    draw = np.random.default_rng(seed)
    rows = []
    for customer in range(300):
        rate, day = draw.gamma(2.0, 1 / 40.0), float(draw.uniform(0, 300))
        while day < 1000:
            rows.append(("FR", f"c{customer}", pd.Timestamp("2023-01-01") + pd.Timedelta(days=day)))
            if draw.random() < 0.1:
                break
            day += draw.exponential(1 / rate)
    purchases = pd.DataFrame(rows, columns=["company_id", "customer_id", "ordered_on"])
    purchases["ordered_on"] = purchases["ordered_on"].dt.normalize()
    return purchases.drop_duplicates()


def history(purchases: pd.DataFrame, as_of: pd.Timestamp) -> list[NDArray[np.float64]]:
    """Repeat purchases, weeks until the last and weeks watched, of each customer."""
    days = purchases.groupby("customer_id")["ordered_on"].agg(["min", "max", "count"])
    return [
        (days["count"] - 1).to_numpy(np.float64),
        (days["max"] - days["min"]).dt.days.to_numpy(np.float64) / 7,
        (as_of - days["min"]).dt.days.to_numpy(np.float64) / 7,
    ]


def test_those_who_buy_again_were_the_likelier_alive() -> None:
    purchases = drawn_purchases(seed=1)
    as_of = pd.Timestamp("2024-12-31")
    known = purchases[purchases["ordered_on"] <= as_of]
    result = lifetimes.customer_lifetimes(known, as_of).dropna()
    later = set(purchases.loc[purchases["ordered_on"] > as_of, "customer_id"])
    came_back = result["customer_id"].isin(later)
    assert result.loc[came_back, "probability_alive"].mean() > 0.7
    assert result.loc[~came_back, "probability_alive"].mean() < 0.5


def test_one_time_buyers_get_no_probability() -> None:
    purchases = drawn_purchases(seed=2)
    result = lifetimes.customer_lifetimes(purchases, pd.Timestamp("2025-09-30"))
    once = result["repeat_purchases"] == 0
    assert once.any() and result.loc[once, "probability_alive"].isna().all()
    assert result.loc[~once, "probability_alive"].between(0, 1).all()


def test_no_purchases_give_no_customers_and_the_same_columns() -> None:
    none = pd.DataFrame({"company_id": [], "customer_id": [], "ordered_on": []})
    result = lifetimes.customer_lifetimes(none, "2026-06-30")
    assert result.empty
    assert [str(result[column].dtype) for column in ("company_id", "customer_id")] == ["str"] * 2

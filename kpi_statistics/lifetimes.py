"""How likely a customer is still one: the BG/NBD model of repeat buying.

Each customer buys at random at a rate of his own until, after some purchase, he silently leaves
(Fader, Hardie and Lee, "Counting your customers" the easy way, Marketing Science 24(2), 2005). Of
a customer it needs the number of repeat purchases `frequency`, when the last of them was
(`recency`) and how long he has been watched (`age`), both counted from his first purchase.

The model says 1 of everybody who bought once, since nobody leaves before a repeat purchase; that
is its assumption, not a finding, so one-time buyers get no probability here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

MINIMUM_REPEAT_BUYERS = 30
"""Customers with repeat purchases below which four parameters are not worth fitting."""

_DAYS_PER_WEEK = 7.0
_BOUND = 12.0
"""What is searched for stays within it: beyond, customers never buy, or differ in nothing."""
_FLAT = 1e-4
"""Slope per customer below which the top of the likelihood is reached."""


@dataclass(frozen=True)
class BgNbd:
    """Fitted parameters: rates are gamma (r, alpha), the chance to leave is beta (a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    def probability_alive(self, frequency: Numbers, recency: Numbers, age: Numbers) -> Numbers:
        """Tell how likely each customer has not left by the end of his age."""
        log_odds = (
            (self.r + frequency) * np.log((self.alpha + age) / (self.alpha + recency))
            + np.log(self.a)
            - np.log(self.b + np.maximum(frequency, 1) - 1)
        )
        return np.where(frequency == 0, 1.0, np.exp(-np.logaddexp(0.0, log_odds)))


def fit(frequency: Numbers, recency: Numbers, age: Numbers) -> BgNbd | None:
    """Find the most likely parameters; None when the customers do not determine them."""
    if np.count_nonzero(frequency) < MINIMUM_REPEAT_BUYERS:
        return None
    # Not at the top: where there is nothing to fit, its import would be all of the time.
    from scipy import optimize

    # The same history counts once, with its weight; times of the order of 1 keep the search even.
    histories, weights = np.unique(
        np.column_stack([frequency, recency, age]), axis=0, return_counts=True
    )
    scale = float(histories[:, 2].max())
    x, t_x, total = histories[:, 0], histories[:, 1] / scale, histories[:, 2] / scale

    def loss(searched: Numbers) -> tuple[float, Numbers]:
        likelihood, slopes = _log_likelihood(searched, x, t_x, total)
        return -float(np.sum(weights * likelihood)), -np.sum(weights * slopes, axis=1)

    found = optimize.minimize(
        loss,
        x0=np.array([0.0, -1.0, -2.0, 1.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_BOUND, _BOUND)] * 4,
        # The top is flat where customers differ little in their chance to leave.
        options={"ftol": 1e-12, "gtol": 1e-7, "maxiter": 1_000},
    )
    # At the top, rounding may keep the search from rising further: it then calls itself failed.
    outward = (np.abs(found.x) >= _BOUND) & (np.sign(found.x) != np.sign(found.jac))
    slope = np.max(np.where(outward, 0.0, np.abs(found.jac))) / weights.sum()
    if slope > _FLAT or bool(np.any(np.abs(found.x[:2]) >= _BOUND)):
        return None
    r, alpha, a, b = (float(value) for value in _parameters(found.x))
    return BgNbd(r=r, alpha=alpha * scale, a=a, b=b)


def customer_lifetimes(purchases: pd.DataFrame, as_of: Any) -> pd.DataFrame:
    """Give each customer the probability that he is still one, by company.

    Args:
        purchases: one row per `company_id`, `customer_id` and day of purchase `ordered_on`.
        as_of: the day at whose end the customers are looked at.

    Returns:
        one row per company and customer with `repeat_purchases`, `recency_weeks`, `age_weeks` and
        `probability_alive`, which is missing for one-time buyers and where nothing could be fitted.
    """
    days = purchases.assign(ordered_on=pd.to_datetime(purchases["ordered_on"]))
    summary = (
        days.groupby(["company_id", "customer_id"])["ordered_on"]
        .agg(["min", "max", "count"])
        .reset_index()
    )
    customers = pd.DataFrame(
        {
            # Text stays text where there are no rows to tell it by.
            "company_id": summary["company_id"].astype("str"),
            "customer_id": summary["customer_id"].astype("str"),
            "repeat_purchases": summary["count"].astype("int64") - 1,
            "recency_weeks": _weeks(summary["max"] - summary["min"]),
            "age_weeks": _weeks(pd.Timestamp(as_of) - summary["min"]),
        }
    )
    customers["probability_alive"] = np.nan
    for _, rows in customers.groupby("company_id"):
        history = [
            rows[column].to_numpy(dtype=np.float64)
            for column in ("repeat_purchases", "recency_weeks", "age_weeks")
        ]
        model = fit(*history)
        if model is not None:
            alive = np.where(history[0] > 0, model.probability_alive(*history), np.nan)
            customers.loc[rows.index, "probability_alive"] = alive
    return customers


def _weeks(duration: pd.Series[Any]) -> pd.Series[Any]:
    weeks: pd.Series[Any] = duration.dt.days / _DAYS_PER_WEEK
    return weeks


def _parameters(searched: Numbers) -> tuple[np.float64, ...]:
    """Tell r, alpha, a and b from the logarithms of r, alpha, the odds a / b and the sum a + b.

    Odds and sum move independently: where all customers leave alike, the sum alone grows.
    """
    r, alpha, odds, concentration = np.exp(searched)
    return r, alpha, concentration * odds / (1 + odds), concentration / (1 + odds)


def _log_likelihood(
    searched: Numbers, x: Numbers, t_x: Numbers, total: Numbers
) -> tuple[Numbers, Numbers]:
    """Of each history, with its slopes along what is searched for, a row for each.

    The terms are those of the authors' implementation note.
    """
    from scipy import special

    r, alpha, a, b = _parameters(searched)
    purchases = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
    survivals = special.betaln(a, b + x) - special.betaln(a, b)
    still_there = -(r + x) * np.log(alpha + total)
    left = np.where(
        x > 0,
        np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x),
        -np.inf,
    )
    ends = np.logaddexp(still_there, left)
    has_left = np.exp(left - ends)
    digamma = special.digamma
    watched = (1 - has_left) * np.log(alpha + total) + has_left * np.log(alpha + t_x)
    per_watched = (1 - has_left) / (alpha + total) + has_left / (alpha + t_x)
    of_r = digamma(r + x) - digamma(r) + np.log(alpha) - watched
    of_alpha = r / alpha - (r + x) * per_watched
    of_both = digamma(a + b) - digamma(a + b + x)
    of_a = of_both + has_left / a
    of_b = of_both + digamma(b + x) - digamma(b) - has_left / (b + np.maximum(x, 1) - 1)
    slopes = np.stack(
        [r * of_r, alpha * of_alpha, a * b / (a + b) * (of_a - of_b), a * of_a + b * of_b]
    )
    likelihood: Numbers = purchases + survivals + ends
    return likelihood, slopes

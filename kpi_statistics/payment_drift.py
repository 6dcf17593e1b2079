"""Has a customer left his habit of paying? A robust, one-sided CUSUM of days late per payer.

A payer's baseline is the median and spread of his days late, over the year before the one that is
watched. Each instalment since then is measured in units of that spread and added up: what is later
than the habit raises the sum, what is not lowers it, never below zero (Page 1954). Three things
make it fit for payments:

- days are whole and skewed, and a customer who always pays on the day has no spread at all: the
  spread has a floor, some days of grace are no delay, and one instalment counts up to a cap, so
  that one forgotten invoice is no alarm; who pays before the due date is punctual, however early,
  so that an early payer who comes to pay on the day has not slipped;
- what is still open past its due date has been late so far at least, and enters as that lower
  bound, where it exceeds the habit; otherwise an alarm would wait for the payment;
- how often a punctual year would alarm is not in a table: it is measured by drawing whole years
  from the payer's own baseline. The alarm's threshold rises until that is rare, and the share that
  is left is told beside each verdict, measured on years drawn anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Days = NDArray[np.datetime64]

MAD_TO_SIGMA = 1.4826
"""Median absolute deviation to standard deviation, for normal data."""

_DAYS_PER_MONTH = 365.25 / 12
_MINIMUM_FOR_TREND = 5
_MAXIMUM_FOR_TREND = 365


@dataclass(frozen=True)
class Rules:
    """What counts as a habit, as late, and as an alarm."""

    grace_days: float
    """Days beyond the habit that are no delay."""
    scale_floor_days: float
    """Smallest spread that a payer is taken to have."""
    minimum_baseline: int
    """Paid instalments that make a habit."""
    baseline_days: int
    """Length of the baseline before the watched period."""
    monitored_days: int
    """Length of the watched period, up to the as-of date."""
    allowance: float
    """Spreads that each instalment may be late before the sum rises (k)."""
    threshold: float
    """Sum that alarms at the earliest (h)."""
    cap: float
    """Spreads that one instalment counts at most, either way."""
    false_alarm_share: float
    """Share of punctual years that may alarm."""
    replications: int
    """Years drawn per payer to set the threshold, and as many again to measure it."""


@dataclass(frozen=True)
class Verdict:
    """One payer's row; what cannot be said is None."""

    company_id: str
    customer_id: str
    drift_status: str
    baseline_count: int
    baseline_from: date | None = None
    baseline_to: date | None = None
    baseline_median_days: float | None = None
    baseline_scale_days: float | None = None
    monitored_count: int = 0
    monitored_open_count: int = 0
    recent_median_days: float | None = None
    trend_days_per_month: float | None = None
    statistic: float | None = None
    threshold: float | None = None
    drifting_since: date | None = None
    alarmed_on: date | None = None
    false_alarm_rate: float | None = None
    replication_count: int = 0


@dataclass(frozen=True)
class _Payments:
    """A payer's instalments by due date."""

    due: Days
    observed: Days
    days_late: Numbers
    is_open: NDArray[np.bool_]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> _Payments:
        return _Payments(
            self.due[chosen], self.observed[chosen], self.days_late[chosen], self.is_open[chosen]
        )


def payment_drift(observations: pd.DataFrame, as_of: Any, rules: Rules) -> pd.DataFrame:
    """Judge every payer of every company.

    Args:
        observations: company_id, customer_id, instalment_id, due_date, observed_on, days_late and
            is_open, one row per instalment; negative days late are early.
        as_of: the day on which it is judged.
        rules: the constants.

    Returns:
        one row per company and payer, with the fields of `Verdict`.
    """
    ordered = observations.assign(days_late=observations["days_late"].clip(lower=0)).sort_values(
        ["company_id", "customer_id", "due_date", "instalment_id"]
    )
    verdicts = [
        _verdict(company, customer, payments, np.datetime64(pd.Timestamp(as_of), "D"), rules)
        for company, customer, payments in _payers(ordered)
    ]
    return _frame(verdicts)


def _payers(ordered: pd.DataFrame) -> Iterator[tuple[str, str, _Payments]]:
    for (company, customer), rows in ordered.groupby(["company_id", "customer_id"], sort=False):
        yield (
            str(company),
            str(customer),
            _Payments(
                rows["due_date"].to_numpy(dtype="datetime64[D]"),
                rows["observed_on"].to_numpy(dtype="datetime64[D]"),
                rows["days_late"].to_numpy(dtype=np.float64),
                rows["is_open"].to_numpy(dtype=np.bool_),
            ),
        )


def _verdict(
    company: str, customer: str, payments: _Payments, as_of: np.datetime64, rules: Rules
) -> Verdict:
    baseline, monitored = _split(payments, as_of, rules)
    if len(baseline.due) < rules.minimum_baseline:
        return Verdict(company, customer, "no_baseline", len(baseline.due))
    median = float(np.median(baseline.days_late))
    deviation = float(np.median(np.abs(baseline.days_late - median)))
    scale = max(MAD_TO_SIGMA * deviation, rules.scale_floor_days)
    # A lower bound within the habit tells nothing.
    telling = ~monitored.is_open | (monitored.days_late - median > rules.grace_days)
    monitored = monitored[telling]
    scores = _scores(monitored.days_late, median, scale, rules)
    threshold, false_alarm_rate = _calibrated(
        _scores(baseline.days_late, median, scale, rules),
        len(scores),
        np.random.default_rng([zlib.crc32(company.encode()), zlib.crc32(customer.encode())]),
        rules,
    )
    sums = _cumulated(scores, threshold, rules)
    alarm = _last_alarm(sums, threshold)
    since = int(np.flatnonzero(sums[:alarm] == 0).max(initial=-1)) + 1 if alarm is not None else 0
    status = "stable"
    if alarm is not None:
        status = "slipping" if sums[-1] > threshold else "recovered"
    recent = monitored.days_late[-rules.minimum_baseline :]
    return Verdict(
        company,
        customer,
        status,
        len(baseline.due),
        _date(baseline.due[0]),
        _date(baseline.due[-1]),
        median,
        scale,
        len(scores),
        int(monitored.is_open.sum()),
        float(np.median(recent)) if len(recent) else None,
        _trend(monitored),
        float(sums[-1]) if len(sums) else None,
        threshold,
        _date(monitored.due[since]) if alarm is not None else None,
        _date(monitored.observed[: alarm + 1].max()) if alarm is not None else None,
        false_alarm_rate,
        rules.replications if len(scores) else 0,
    )


def _split(payments: _Payments, as_of: np.datetime64, rules: Rules) -> tuple[_Payments, _Payments]:
    """Give the baseline, paid instalments only, and what is watched.

    The baseline is the year before the watched one. Where that is too thin it reaches back
    further, and for a new customer it is his first instalments.
    """
    watched_from = as_of - np.timedelta64(rules.monitored_days, "D")
    baseline_from = watched_from - np.timedelta64(rules.baseline_days, "D")
    paid = ~payments.is_open
    before = paid & (payments.due <= watched_from)
    year = before & (payments.due > baseline_from)
    if year.sum() >= rules.minimum_baseline:
        return payments[year], payments[payments.due > watched_from]
    earlier = np.flatnonzero(before)
    if len(earlier) >= rules.minimum_baseline:
        chosen = earlier[-rules.minimum_baseline :]
        start = watched_from
    else:
        chosen = np.flatnonzero(paid)[: rules.minimum_baseline]
        start = payments.due[chosen[-1]] if len(chosen) else watched_from
    baseline = np.zeros(len(payments.due), dtype=np.bool_)
    baseline[chosen] = True
    return payments[baseline], payments[(payments.due > start) & ~baseline]


def _scores(days_late: Numbers, median: float, scale: float, rules: Rules) -> Numbers:
    """Measure days late in spreads from the habit, the days of grace off, up to the cap."""
    deviation = days_late - median
    counted = np.where(deviation > 0, np.maximum(deviation - rules.grace_days, 0), deviation)
    return np.clip(counted / scale, -rules.cap, rules.cap)


def _cumulated(scores: Numbers, threshold: float, rules: Rules) -> Numbers:
    """Add up; at most one capped instalment above the threshold, so that recovery shows soon."""
    sums = np.zeros(len(scores))
    current = 0.0
    for position, score in enumerate(scores):
        current = min(max(0.0, current + score - rules.allowance), threshold + rules.cap)
        sums[position] = current
    return sums


def _last_alarm(sums: Numbers, threshold: float) -> int | None:
    """Tell where the sum last rose above the threshold."""
    above = sums > threshold
    rises = np.flatnonzero(above & ~np.concatenate(([False], above[:-1])))
    return int(rises[-1]) if len(rises) else None


def _calibrated(
    residuals: Numbers, length: int, rng: np.random.Generator, rules: Rules
) -> tuple[float, float | None]:
    """Set the threshold on years drawn from the baseline, and measure it on others.

    Returns:
        the threshold, and the share of punctual years that alarm; None when nothing is watched.
    """
    if length == 0:
        return rules.threshold, None
    drawn = rng.choice(residuals, size=(2 * rules.replications, length))
    current = np.zeros(len(drawn))
    highest = np.zeros(len(drawn))
    for position in range(length):
        current = np.maximum(0.0, current + drawn[:, position] - rules.allowance)
        highest = np.maximum(highest, current)
    setting, measuring = highest[: rules.replications], highest[rules.replications :]
    threshold = max(
        rules.threshold, float(np.quantile(setting, 1 - rules.false_alarm_share, method="higher"))
    )
    return threshold, float((measuring > threshold).mean())


def _trend(monitored: _Payments) -> float | None:
    """Give the median slope of days late over due dates (Theil and Sen), per month."""
    due = monitored.due[-_MAXIMUM_FOR_TREND:].astype("datetime64[D]").astype(np.float64)
    days_late = monitored.days_late[-_MAXIMUM_FOR_TREND:]
    if len(due) < _MINIMUM_FOR_TREND or due[0] == due[-1]:
        return None
    earlier, later = np.triu_indices(len(due), k=1)
    apart = due[later] > due[earlier]
    rise = (days_late[later] - days_late[earlier])[apart]
    return float(np.median(rise / (due[later] - due[earlier])[apart])) * _DAYS_PER_MONTH


def _date(day: np.datetime64) -> date:
    return pd.Timestamp(day).date()


def _frame(verdicts: list[Verdict]) -> pd.DataFrame:
    """Lay verdicts out with types that an empty frame has too."""
    types = {"int": "int64", "str": "str", "float | None": "float64"}
    columns: dict[str, Any] = {}
    for field in fields(Verdict):
        values = [getattr(verdict, field.name) for verdict in verdicts]
        if field.type == "date | None":
            columns[field.name] = pd.to_datetime(pd.Series(values, dtype=object)).astype(
                "datetime64[s]"
            )
        else:
            columns[field.name] = pd.Series(values, dtype=types[str(field.type)])
    return pd.DataFrame(columns)

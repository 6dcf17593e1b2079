"""A payer who slips is told, and one who does not is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kpi_statistics.payment_drift import Rules, payment_drift

AS_OF = date(2026, 6, 30)
RULES = Rules(
    grace_days=3,
    scale_floor_days=2,
    minimum_baseline=8,
    baseline_days=365,
    monitored_days=365,
    allowance=0.5,
    threshold=5,
    cap=3,
    false_alarm_share=0.02,
    replications=200,
)


def payer(
    name: str,
    year_before: Sequence[float],
    last_year: Sequence[float],
    open_days: Sequence[int] = (),
) -> pd.DataFrame:
    """Give a payer whose instalments fell due at even intervals of the two years."""
    rows: list[dict[str, Any]] = []
    for first_day, values in ((730, year_before), (364, last_year)):
        for position, days_late in enumerate(values):
            due = AS_OF - timedelta(days=first_day - position * 300 // max(len(values), 1))
            rows.append(
                {"due_date": due, "observed_on": due + timedelta(days=int(days_late))}
                | {"days_late": days_late, "is_open": False}
            )
    rows += [
        {"due_date": AS_OF - timedelta(days=days), "observed_on": AS_OF}
        | {"days_late": days, "is_open": True}
        for days in open_days
    ]
    return pd.DataFrame(rows).assign(
        company_id="FR",
        customer_id=name,
        instalment_id=[f"{name}-{number:04}" for number in range(len(rows))],
    )


def judged(*payers: pd.DataFrame, rules: Rules = RULES) -> pd.DataFrame:
    return payment_drift(pd.concat(payers), AS_OF, rules).set_index("customer_id")


def test_who_always_pays_on_the_day_and_goes_on_is_stable() -> None:
    verdict = judged(payer("A", [0] * 20, [0] * 20)).loc["A"]
    assert verdict["drift_status"] == "stable"
    assert verdict["baseline_scale_days"] == 2
    assert verdict["statistic"] == 0
    assert verdict["false_alarm_rate"] == 0


def test_who_always_paid_on_the_day_alarms_within_a_few_late_payments() -> None:
    verdict = judged(payer("A", [0] * 20, [0] * 10 + [15] * 3)).loc["A"]
    assert verdict["drift_status"] == "slipping"
    assert verdict["threshold"] == 5


def test_days_of_grace_are_no_drift() -> None:
    assert judged(payer("A", [0] * 20, [3] * 60)).loc["A", "drift_status"] == "stable"


def test_one_forgotten_invoice_is_no_alarm() -> None:
    late_once = [0] * 10 + [200] + [0] * 10
    assert judged(payer("A", [0] * 20, late_once)).loc["A", "drift_status"] == "stable"


def test_an_early_payer_who_comes_to_pay_on_the_day_has_not_slipped() -> None:
    assert judged(payer("A", [-20] * 20, [0] * 20)).loc["A", "drift_status"] == "stable"


def test_a_slow_payer_who_stays_slow_is_stable() -> None:
    slow = [30, 34, 28, 33, 31, 29, 35, 30, 32, 31]
    assert judged(payer("A", slow, slow * 2)).loc["A", "drift_status"] == "stable"


def test_open_invoices_alarm_before_they_are_paid() -> None:
    paid = payer("A", [0] * 20, [0] * 10)
    unpaid = payer("B", [0] * 20, [0] * 10, open_days=[40, 30, 20])
    verdicts = judged(paid, unpaid)
    assert verdicts.loc["A", "drift_status"] == "stable"
    assert verdicts.loc["B", "drift_status"] == "slipping"
    assert verdicts.loc["B", "monitored_open_count"] == 3
    assert verdicts.loc["B", "alarmed_on"] == pd.Timestamp(AS_OF)


def test_an_open_invoice_that_is_no_later_than_the_habit_tells_nothing() -> None:
    verdict = judged(payer("A", [30] * 10, [30] * 10, open_days=[20, 10])).loc["A"]
    assert verdict["monitored_open_count"] == 0
    assert verdict["monitored_count"] == 10


def test_the_break_is_dated_by_the_first_late_due_date() -> None:
    history = payer("A", [0] * 20, [0] * 10 + [15] * 5)
    verdict = judged(history).loc["A"]
    assert verdict["drifting_since"] == pd.Timestamp(history["due_date"].iloc[30])
    assert verdict["alarmed_on"] == pd.Timestamp(history["observed_on"].iloc[32])


def test_an_alarm_ends_after_some_punctual_payments() -> None:
    verdict = judged(payer("A", [0] * 20, [15] * 5 + [0] * 10)).loc["A"]
    assert verdict["drift_status"] == "recovered"
    assert verdict["alarmed_on"] is not pd.NaT


def test_seven_paid_instalments_are_no_habit() -> None:
    verdicts = judged(payer("A", [0] * 3, [0] * 4), payer("B", [], [0] * 8 + [20] * 3))
    assert verdicts.loc["A", "drift_status"] == "no_baseline"
    assert verdicts["baseline_median_days"].isna()["A"]
    assert verdicts.loc["B", "drift_status"] == "slipping"


def test_a_thin_year_reaches_further_back() -> None:
    old = payer("A", [0] * 5, [0] * 5).assign()
    older = old.copy()
    older["due_date"] = [day - timedelta(days=740) for day in older["due_date"]]
    older["instalment_id"] = "old" + older["instalment_id"]
    verdict = judged(old, older).loc["A"]
    assert verdict["baseline_count"] == 8
    assert verdict["monitored_count"] == 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_false_alarms_stay_rare_whatever_the_distribution(seed: int) -> None:
    """Skewed whole days, of which the normal table would promise an alarm in 336."""
    rng = np.random.default_rng(seed)
    customers = [
        payer(str(number), *(np.floor(rng.exponential(6, size=(2, 40)))).tolist())
        for number in range(150)
    ]
    calibrated = judged(*customers)
    fixed = judged(*customers, rules=replace(RULES, threshold=4, false_alarm_share=1))
    assert calibrated["false_alarm_rate"].mean() < 0.04
    assert calibrated["drift_status"].ne("stable").mean() < 0.15
    assert fixed["false_alarm_rate"].mean() > 3 * calibrated["false_alarm_rate"].mean()


def test_a_verdict_does_not_depend_on_the_other_payers_or_the_order_of_rows() -> None:
    rng = np.random.default_rng(4)
    first = payer("A", rng.poisson(5, 20).tolist(), rng.poisson(5, 20).tolist())
    other = payer("B", [0] * 20, [9] * 20)
    alone = judged(first)
    together = judged(other, first.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(alone, together.loc[["A"]])


def test_the_trend_is_the_median_slope() -> None:
    history = payer("A", [0] * 20, list(range(0, 40, 2)))
    # 300 days for 20 instalments: one every 15 days, two days later each.
    trend = judged(history).loc["A", "trend_days_per_month"]
    assert trend == pytest.approx(2 / 15 * 365.25 / 12)


def test_no_payers_give_an_empty_frame_with_all_columns() -> None:
    verdicts = payment_drift(payer("A", [0], []).iloc[:0], AS_OF, RULES)
    assert len(verdicts) == 0
    assert {"drift_status", "drifting_since", "false_alarm_rate"} <= set(verdicts.columns)

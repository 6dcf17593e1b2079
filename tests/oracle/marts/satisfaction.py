"""What customers say when asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.oracle import Oracle
from tests.oracle.people import described, logins
from tests.oracle.sources import UNIT, Sources, derived
from tests.oracle.spans import month_of

_MINIMUM = 5
_Z = 1.959964
_MILLION = 1_000_000
_ASKED = ["question", "scale_minimum", "scale_maximum"]
_TOTAL = ["company_id", "month_start", *_ASKED]
_KEY = [*_TOTAL, "breakdown", "channel", "team"]
_BREAKDOWNS: dict[str, list[str]] = {
    "all": [],
    "channel": ["channel"],
    "team": ["team"],
    "channel_team": ["channel", "team"],
}
_PARTS = [
    ("channel", "all", []),
    ("team", "all", []),
    ("channel_team", "channel", ["channel"]),
    ("channel_team", "team", ["team"]),
]
"""Rows of which breakdown add up to rows of which other one, and what these have in common."""


def satisfaction_monthly(sources: Sources) -> pd.DataFrame:
    """Scores, shares and response rates with their intervals; small results are withheld."""
    answers, asked = _answers(sources), _invitations(sources)
    found = []
    for breakdown, shown in _BREAKDOWNS.items():
        hidden = {name: "all" for name in ("channel", "team") if name not in shown}
        scores = (
            answers.assign(breakdown=breakdown, **hidden)
            .groupby(_KEY)
            .agg(
                answers=("score", "size"),
                score_sum=("score", "sum"),
                squares=("square", "sum"),
                top_answers=("is_top", "sum"),
                promoters=("is_promoter", "sum"),
                detractors=("is_detractor", "sum"),
            )
        )
        if "team" not in shown:
            rates = (
                asked.assign(breakdown=breakdown, **hidden)
                .groupby(_KEY)
                .agg(
                    invitations=("is_answered", "size"), answered_invitations=("is_answered", "sum")
                )
            )
            scores = scores.join(rates, how="outer")
        found.append(scores.reset_index())
    rows = pd.concat(found, ignore_index=True)
    counts = ["answers", "score_sum", "squares", "top_answers", "promoters", "detractors"]
    rows[counts] = rows[counts].fillna(0)
    rows["is_suppressed"] = _withheld(rows)
    results = _results(rows)
    for column in results.columns:
        # The response tells nothing that the number of answers does not.
        is_shown = ~rows["is_suppressed"] | column.startswith("response_rate")
        rows[column] = results[column].where(is_shown)
    for column in ("score_sum", "top_answers"):
        rows[column] = rows[column].where(~rows["is_suppressed"])
    return rows


@derived
def _given(sources: Sources) -> pd.DataFrame:
    """Answers by the as-of date."""
    rows = sources.table("sheets__survey_responses")
    return rows[sources.happened(rows["answered_at"])]


def _answers(sources: Sources) -> pd.DataFrame:
    rows = _given(sources)
    day = sources.local_day(rows["answered_at"])
    channels = sources.table("sheets__survey_invitations").set_index("reference")["channel"]
    employee = rows["agent_login"].str.lower().map(logins(sources)).fillna("unknown")
    recommends = (
        (rows["question"] == "recommendation")
        & (rows["scale_minimum"] == 0)
        & (rows["scale_maximum"] == 10 * UNIT)
    )
    score = rows["score"].astype("float64") / UNIT
    return pd.DataFrame(
        {
            "company_id": _company(sources, rows["company"]),
            "month_start": month_of(day),
            "question": rows["question"],
            "scale_minimum": rows["scale_minimum"],
            "scale_maximum": rows["scale_maximum"],
            "channel": rows["invitation_reference"].map(channels).fillna("unknown"),
            "team": described(sources, employee, day)["team"],
            "score": rows["score"],
            "square": score**2,
            "is_top": rows["score"] >= rows["scale_maximum"] - UNIT,
            "is_promoter": recommends & (score >= 9),
            "is_detractor": recommends & (score <= 6),
        }
    )


def _invitations(sources: Sources) -> pd.DataFrame:
    """One row per invitation and question of its survey, as answers have told of them so far."""
    rows = sources.table("sheets__survey_invitations")
    rows = rows[sources.happened(rows["invited_at"])]
    given = _given(sources)
    questions = given[["survey", *_ASKED]].drop_duplicates()
    rows = rows.merge(questions, on="survey", how="left")
    done = pd.MultiIndex.from_frame(given[["invitation_reference", "question"]])
    rows["is_answered"] = pd.MultiIndex.from_frame(rows[["reference", "question"]]).isin(done)
    rows["company_id"] = _company(sources, rows["company"])
    rows["month_start"] = month_of(sources.local_day(rows["invited_at"]))
    return rows


def _company(sources: Sources, names: pd.Series) -> pd.Series:
    return "erp/res.company/" + names.map(sources.company_names).astype("Int64").astype(str)


def _withheld(rows: pd.DataFrame) -> pd.Series:
    """Too few answers, or the smallest other row where those few would follow from a total."""
    hidden = rows["answers"] < _MINIMUM
    few = hidden.copy()
    for breakdown, _, shared in _PARTS:
        parts = rows[rows["breakdown"] == breakdown]
        for _, part in parts.groupby([*_TOTAL, *shared]):
            if few[part.index].sum() == 1 and len(part) > 1:
                others = part[~few[part.index]]
                smallest: Any = others["answers"].idxmin()
                hidden[smallest] = True
    return hidden


def _results(rows: pd.DataFrame) -> pd.DataFrame:
    n = rows["answers"].where(rows["answers"] > 0)
    mean = rows["score_sum"] / UNIT / n
    variance = (rows["squares"] - n * mean**2).clip(lower=0) / (n - 1)
    reach = _student(n - 1) * np.sqrt(variance / n)
    satisfied = _wilson(rows["top_answers"], n)
    asked = rows["invitations"].where(rows["invitations"] > 0)
    answered = _wilson(rows["answered_invitations"], asked)
    recommends = (
        (rows["question"] == "recommendation")
        & (rows["scale_minimum"] == 0)
        & (rows["scale_maximum"] == 10 * UNIT)
    )
    promoters = rows["promoters"].where(recommends)
    detractors = rows["detractors"].where(recommends)
    more, less = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    spread = _Z * np.sqrt((more + less - (more - less) ** 2) / (n + 3))
    ratios = pd.DataFrame(
        {
            "score_mean": mean,
            "score_mean_lower": (mean - reach).clip(lower=rows["scale_minimum"] / UNIT),
            "score_mean_upper": (mean + reach).clip(upper=rows["scale_maximum"] / UNIT),
            "customer_satisfaction": rows["top_answers"] / n,
            "customer_satisfaction_lower": satisfied[0],
            "customer_satisfaction_upper": satisfied[1],
            "net_promoter_score": 100 * (promoters - detractors) / n,
            "net_promoter_score_lower": (100 * (more - less - spread)).clip(lower=-100),
            "net_promoter_score_upper": (100 * (more - less + spread)).clip(upper=100),
            "response_rate": rows["answered_invitations"] / asked,
            "response_rate_lower": answered[0],
            "response_rate_upper": answered[1],
        }
    )
    found = (ratios.astype(float) * _MILLION).round()
    return found.assign(promoters=promoters, detractors=detractors)


def _wilson(part: pd.Series, n: pd.Series) -> tuple[pd.Series, pd.Series]:
    share = part / n
    middle = share + _Z**2 / (2 * n)
    reach = _Z * np.sqrt((share * (1 - share) + _Z**2 / (4 * n)) / n)
    return (middle - reach) / (1 + _Z**2 / n), (middle + reach) / (1 + _Z**2 / n)


def _student(freedom: pd.Series) -> pd.Series:
    """Student's quantile, expanded from the normal one (Abramowitz and Stegun, 26.7.5)."""
    z = _Z
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * freedom**4)
    )


ORACLES = {
    "satisfaction_monthly": Oracle(
        satisfaction_monthly,
        _KEY,
        statistics=[
            "score_mean",
            "score_mean_lower",
            "score_mean_upper",
            "customer_satisfaction",
            "customer_satisfaction_lower",
            "customer_satisfaction_upper",
            "net_promoter_score",
            "net_promoter_score_lower",
            "net_promoter_score_upper",
            "response_rate",
            "response_rate_lower",
            "response_rate_upper",
        ],
    ),
}

"""A KPI by itself: its definition, its history, and its value by each dimension."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from dashboards.cockpit import figures, phrases
from dashboards.cockpit.blocks import Form
from dashboards.cockpit.charts import MOST_SERIES, Drawing, Series, draw
from dashboards.cockpit.kpis import Kpi, parts_of, points
from dashboards.cockpit.reading import (
    labels_of,
)
from dashboards.cockpit.views.figures import target
from dashboards.cockpit.views.view import Cell, Heading, Line, View, plain, teller
from reports import wording
from reports.definition import Column, Kind
from reports.numbers import day, exact, whole
from reports.request import Language

MOST_HISTORY = 400
"""Points of a KPI's history."""


def definition_view(view: View, kpi: Kpi) -> dict[str, Any]:
    """A KPI's definition, its history drawn and told, and its value by each dimension."""
    language = view.language
    of_kpi = points(view.reading, [kpi.name], view.asked, MOST_HISTORY).get(kpi.name, [])
    history = figures.values(kpi, of_kpi)
    labels = labels_of(view.reading, language)
    parts: dict[str, list[Line]] = {}
    for dimension, value, numerator, denominator, n, result in parts_of(
        view.reading, kpi.name, view.asked
    ):
        words = labels.codes.get(dimension, {})
        unknown = wording.UNKNOWN[language]
        parts.setdefault(labels.heading(Column(dimension)), []).append(
            Line(
                (
                    Cell(unknown if value == "unknown" else words.get(value, value)),
                    Cell(figures.number(result, kpi, None, language), True),
                    Cell("" if numerator is None else exact(round(numerator, 2), language), True),
                    Cell(
                        "" if denominator is None else exact(round(denominator, 2), language), True
                    ),
                    Cell(whole(n, language), True),
                )
            )
        )
    return {
        "kpi": kpi,
        "target": target(view, kpi),
        "unit": phrases.UNITS.get(kpi.unit, phrases.UNITS["documents"])[language],
        "better": phrases.BETTER_WORDS[kpi.better][language],
        "svg": _history(kpi, history, view.reading.as_of, language),
        "history": [
            Line(
                (
                    Cell(figures.when(value, view.reading.as_of, language)),
                    Cell(
                        " · ".join(
                            f"{name} {number}".strip()
                            for name, number in figures.in_words(value, kpi, language)
                        ),
                        True,
                    ),
                )
            )
            for value in reversed(history[-100:])
        ],
        "parts_by": parts,
        "headings": [
            Heading(labels.heading(Column(name)), True)
            for name in ("kpi_value", "numerator", "denominator", "n")
        ],
        "history_headings": [
            Heading(labels.heading(Column("date_day"))),
            Heading(labels.heading(Column("kpi_value")), True),
        ],
    }


def _history(kpi: Kpi, history: Sequence[figures.Value], as_of: date, language: Language) -> Markup:
    names = list(dict.fromkeys(name for value in history for name, _, _ in value.numbers))
    if len(history) < 2:
        return Markup("")
    series = [
        Series(
            name or kpi.label,
            [
                plain(next((its for whose, its, _ in value.numbers if whose == name), None))
                for value in history
            ],
        )
        for name in names[:MOST_SERIES]
    ]
    if not any(value is not None for one in series for value in one.values):
        return Markup("")
    labels = [
        figures.when(value, as_of, language)
        if value.period == "month"
        else day(value.day, language)
        for value in history
    ]
    return draw(
        Drawing(
            Form.LINES,
            kpi.label,
            f"{labels[0]} … {labels[-1]}",
            [value.day for value in history],
            labels,
            series,
            teller(Kind.SHARE if kpi.unit == "share" else Kind.DECIMAL, language),
        )
    )

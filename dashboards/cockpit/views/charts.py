"""Charts as they are laid out: what is drawn, its key, and the same numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.cockpit import phrases
from dashboards.cockpit.blocks import Chart, Form
from dashboards.cockpit.charts import MOST_SERIES, Drawing, Series, draw
from dashboards.cockpit.reading import LINES_OF_A_PAGE, Found, read_chart
from dashboards.cockpit.views.tables import cell_writer, rows_shown
from dashboards.cockpit.views.view import Heading, Line, View, not_narrowed, teller
from reports import wording
from reports.definition import Kind
from reports.numbers import shown
from reports.prepared import Answer
from reports.request import Language


def chart_view(view: View, chart: Chart) -> dict[str, Any]:
    """A chart, drawn, and the same numbers as a table, the last of them where there are many."""
    found = read_chart(view.reading, view.reader, view.page, chart, view.asked, view.language)
    title = chart.title[view.language]
    columns = list(enumerate(found.table.columns))
    write = [cell_writer(view, found.answer, place, column) for place, column in columns]
    count = len(found.table.rows)
    skipped = max(0, count - LINES_OF_A_PAGE)
    return {
        "kind": "chart",
        "name": chart.name,
        "title": title,
        "note": chart.note[view.language] if chart.note else "",
        "not_narrowed": not_narrowed(view, found),
        "drawings": _drawings(view, chart, found, title),
        "empty": phrases.NO_NUMBERS[view.language],
        "headings": [Heading(column.heading, column.kind.is_number) for _, column in columns],
        "lines": [
            Line(tuple(cell(row, values) for cell in write))
            for row, values in enumerate(found.table.rows[skipped:], skipped)
        ],
        "shown": rows_shown(view, skipped, count - skipped, count) if skipped else "",
        "excel": view.table_address(f"{chart.name}.xlsx"),
    }


def _drawings(view: View, chart: Chart, found: Found, title: str) -> list[dict[str, Any]]:
    """A drawing for each currency, since amounts of two have no common scale."""
    answer, table = found.answer, found.table
    at = {column.name: place for place, column in enumerate(table.columns)}
    place = at.get(chart.y.currency) if chart.y.kind is Kind.MONEY else None
    currencies: list[str | None] = [None]
    if place is not None:
        currencies = sorted({row[place] for row in table.rows if row[place]})
    drawings = []
    for currency in currencies:
        rows = [
            number
            for number, row in enumerate(table.rows)
            if place is None or row[place] == currency
        ]
        if not any(answer.rows[row][answer.at[chart.y.name]] is not None for row in rows):
            continue
        drawings.append(_drawing(view, chart, found, at, rows, title, currency))
    return drawings


def _drawing(
    view: View,
    chart: Chart,
    found: Found,
    at: Mapping[str, int],
    rows: Sequence[int],
    title: str,
    currency: str | None,
) -> dict[str, Any]:
    language, table, answer = view.language, found.table, found.answer
    x, y = at[chart.x.name], answer.at[chart.y.name]
    places = list(dict.fromkeys(answer.rows[row][answer.at[chart.x.name]] for row in rows))
    labels = {
        answer.rows[row][answer.at[chart.x.name]]: shown(
            table.rows[row][x], chart.x.kind, None, language
        )
        for row in rows
    }
    names = {row: _series_name(chart, table.rows[row], at, title, language) for row in rows}
    names, left_out = _fewer(view, chart, names, answer)
    told = list(dict.fromkeys(name for name in names.values() if name))
    told.sort(key=lambda name: name == phrases.OTHERS[language])

    def of(name: str, column: int) -> list[float | None]:
        known: dict[Any, float] = {}
        for row in rows:
            value = answer.rows[row][column]
            if names[row] == name and value is not None:
                place = answer.rows[row][answer.at[chart.x.name]]
                known[place] = known.get(place, 0) + float(value)
        return [known.get(place) for place in places]

    bounds = [answer.at[bound] for bound in chart.band or ()]
    series = [Series(name, of(name, y), *(of(name, bound) for bound in bounds)) for name in told]
    heading = f"{title} ({currency})" if currency else title
    return {
        "svg": draw(
            Drawing(
                chart.form,
                heading,
                _summary(labels, places, chart, language),
                places,
                [labels[place] for place in places],
                series,
                teller(chart.y.kind, language),
            )
        ),
        "legend": list(told) if chart.series and chart.form is not Form.BARS else [],
        "currency": currency,
        "unit": table.columns[at[chart.y.name]].heading,
        "is_line": chart.form is Form.LINES,
        "left_out": left_out,
    }


def _fewer(
    view: View, chart: Chart, names: dict[int, str], answer: Answer
) -> tuple[dict[int, str], str]:
    """At most as many series as can be told apart: small layers become one, small lines go."""
    weights: dict[str, float] = {}
    for row, name in names.items():
        value = answer.rows[row][answer.at[chart.y.name]]
        weights[name] = weights.get(name, 0) + abs(float(value or 0))
    if len(weights) <= MOST_SERIES:
        return names, ""
    is_stacked = chart.form is Form.COLUMNS
    most = MOST_SERIES - 1 if is_stacked else MOST_SERIES
    kept = set(sorted(weights, key=lambda name: -weights[name])[:most])
    others = phrases.OTHERS[view.language] if is_stacked else ""
    told = phrases.SOME_LINES[view.language].format(shown=most, all=len(weights))
    fewer = {row: name if name in kept else others for row, name in names.items()}
    return fewer, "" if is_stacked else told


def _series_name(
    chart: Chart, row: Sequence[Any], at: Mapping[str, int], title: str, language: Language
) -> str:
    if chart.series is None:
        return title
    return (
        shown(row[at[chart.series.name]], chart.series.kind, None, language)
        or wording.UNKNOWN[language]
    )


def _summary(
    labels: Mapping[Any, str], places: Sequence[Any], chart: Chart, language: Language
) -> str:
    told = phrases.NUMBERS_OF_CHART[language]
    if not places or chart.form is Form.BARS:
        return told
    return f"{labels[places[0]]} … {labels[places[-1]]}. {told}"

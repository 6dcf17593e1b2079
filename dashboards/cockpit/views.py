"""What templates lay out: the answers of the marts as words, numbers and links of a language."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from dashboards.cockpit import figures, phrases
from dashboards.cockpit.access import Reader
from dashboards.cockpit.addresses import address, with_query
from dashboards.cockpit.blocks import Block, Chart, Figures, Filter, Form, Page, Table
from dashboards.cockpit.charts import MOST_SERIES, Drawing, Series, draw, sparkline
from dashboards.cockpit.publication import Reading
from dashboards.cockpit.reading import (
    LINES_OF_A_PAGE,
    MONTHS,
    USUAL_MONTHS,
    Asked,
    Found,
    Kpi,
    catalogue,
    choices,
    filters_of,
    labels_of,
    parts_of,
    points,
    provenance_of,
    read_chart,
    read_table,
)
from ingestion.config.cockpit import Role
from reports import wording
from reports.definition import Column, Kind
from reports.notes import Note, note_lines
from reports.numbers import day, exact, shown, whole
from reports.prepared import Answer, PreparedColumn, PreparedList
from reports.request import Language

CHOOSABLE = "remind"
"""Status of the worklist's rows that can be reminded of now."""
LATE_FROM = (90, 30, 0)
"""Days late beyond which a number stands out more."""
MOST_HISTORY = 400
"""Points of a KPI's history."""
LONG = 60
"""Letters from which a text may break over lines."""


@dataclass(frozen=True)
class Cell:
    """A value as it stands in a table."""

    text: str
    is_number: bool = False
    lateness: int = 0
    """From 1, beyond 90 days, to 3."""
    url: str = ""
    is_long: bool = False


@dataclass(frozen=True)
class Heading:
    """What stands above a column, and where it is sorted."""

    text: str
    is_number: bool = False
    url: str = ""
    sorted: str = ""
    """`ascending` or `descending`."""
    sort_label: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table."""

    cells: tuple[Cell, ...]
    key: str = ""
    """What its checkbox stands for."""
    name: str = ""
    is_noted: bool = False


@dataclass(frozen=True)
class Choice:
    """A choice of a filter."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True)
class Select:
    """A filter as a form shows it."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    all: str


@dataclass(frozen=True)
class View:
    """Somebody before a page, in a language."""

    reading: Reading
    reader: Reader
    language: Language
    asked: Asked
    page: Page
    noted: Collection[str] = ()
    """Keys of rows that were reminded of since the publication."""

    def kept(self) -> dict[str, str]:
        """What an address keeps of what is asked, when it leads to the same page."""
        query = dict(self.asked.values)
        if self.asked.search:
            query["q"] = self.asked.search
        if self.asked.months != USUAL_MONTHS:
            query["months"] = str(self.asked.months)
        return query

    def to(self, *path: str, **query: str) -> str:
        """An address of this language."""
        return with_query(address(self.language, *path), query)

    def table_address(self, table: str, **more: str) -> str:
        """Where all rows of one of the page's tables are."""
        return self.to(self.page.name, table, **{**self.kept(), **more})


def page_notes(view: View) -> list[Note]:
    """Of which day the figures are, and what of them is stale."""
    known = provenance_of(view.reading)
    return list(note_lines(PreparedList("", "", view.language, replace(known, books=()), (), ())))


def filter_form(view: View, table: Table | None = None) -> list[Select]:
    """The filters of a page or of one of its tables, those that leave a choice."""
    queries = _queries(view, table)
    selects = []
    for one in filters_of(view.page, table):
        if one.name == "company_id" and view.reader.role is Role.SALESPERSON:
            continue
        found = choices(view.reading, view.reader, one, queries, view.language)
        chosen = view.asked.values.get(one.name)
        if len(found) < 2 and chosen is None:
            continue
        selects.append(_select(view, one, found, chosen))
    if table is None and view.page.has_months:
        selects.append(_months(view))
    return selects


def _queries(view: View, table: Table | None) -> list[str]:
    if table:
        return [table.definition.query]
    blocks = [block for block in view.page.blocks if view.reader.may_see(block)]
    return [
        block.query if isinstance(block, Chart) else block.definition.query
        for block in blocks
        if not isinstance(block, Figures)
    ]


def _select(view: View, one: Filter, found: list[tuple[str, str]], chosen: str | None) -> Select:
    if chosen is not None and chosen not in {value for value, _ in found}:
        found = [*found, (chosen, chosen)]
    unknown = wording.UNKNOWN[view.language]
    return Select(
        one.name,
        labels_of(view.reading, view.language).heading(one.column),
        tuple(
            Choice(value, unknown if text == "unknown" else text, value == chosen)
            for value, text in found
        ),
        phrases.ALL[view.language],
    )


def _months(view: View) -> Select:
    return Select(
        "months",
        phrases.MONTHS[view.language],
        tuple(
            Choice(
                str(count),
                phrases.SO_MANY_MONTHS[view.language].format(count=count),
                count == view.asked.months,
            )
            for count in MONTHS
        ),
        "",
    )


def table_view(view: View, table: Table, *, is_whole: bool) -> dict[str, Any]:
    """A table: its first lines on the page, or a hundred of them on a page of its own."""
    lines = LINES_OF_A_PAGE if is_whole else table.lines
    asked = view.asked if is_whole else replace(view.asked, page=1, sort=None)
    found = read_table(view.reading, view.reader, view.page, table, asked, view.language, lines)
    columns = [
        (place, column)
        for place, column in enumerate(found.table.columns)
        if _is_shown(view, table, found, place, column, is_whole)
    ]
    title = table.definition.title[view.language]
    return {
        "kind": "card" if table.is_card else "table",
        "name": table.name,
        "title": title,
        "note": table.note[view.language] if table.note else "",
        "not_narrowed": _not_narrowed(view, found),
        "headings": [_heading(view, table, column, is_whole) for _, column in columns],
        "lines": _lines(view, table, found, columns),
        "empty": _nothing(view, table),
        "count": whole(found.count, view.language),
        "all_rows": phrases.ALL_ROWS[view.language].format(count=whole(found.count, view.language)),
        "has_more": found.count > len(found.table.rows) or bool(found.count),
        "url": view.table_address(table.name),
        "excel": view.table_address(f"{table.name}.xlsx", **_sorted(asked)),
        "columns_url": view.to("definitions", "columns", of=f"{view.page.name}/{table.name}"),
        "shown": _shown(view, found, asked, lines),
        "pages": _pages(view, table, found, asked) if is_whole else {},
        "can_be_reminded": table.can_be_reminded and view.reader.role is not Role.SALESPERSON,
        "remind_url": view.to(view.page.name, table.name, "reminders"),
        "remarks": found.table.remarks if is_whole and not view.page.key else (),
    }


def _all_rows(view: View, found: Found) -> str:
    phrase = phrases.ONE_ROW if found.count == 1 else phrases.ALL_ROWS
    return phrase[view.language].format(count=whole(found.count, view.language))


def _is_shown(
    view: View, table: Table, found: Found, place: int, column: PreparedColumn, is_whole: bool
) -> bool:
    """On a page there is room for the main columns, and what it is about need not be repeated."""
    if table.is_card:
        return True
    if view.page.key == "customer_id" and column.name in ("customer", "customer_number"):
        return False
    return is_whole or (column.is_printed and _says_something(found, place))


def _says_something(found: Found, place: int) -> bool:
    """Whether a column has a value in any of the lines; on a page, others take room only."""
    rows = found.table.rows
    return not rows or any(row[place] not in (None, "") for row in rows)


def _sorted(asked: Asked) -> dict[str, str]:
    return {"sort": ("-" if asked.is_descending else "") + asked.sort} if asked.sort else {}


def _nothing(view: View, table: Table) -> str:
    names = {one.name for one in filters_of(view.page, table)}
    is_narrowed = bool(names & set(view.asked.values)) or (table.search and view.asked.search)
    return (phrases.NO_ROWS_SO if is_narrowed else phrases.NO_ROWS)[view.language]


def _not_narrowed(view: View, found: Found) -> str:
    if not found.not_narrowed_by:
        return ""
    names = ", ".join(found.not_narrowed_by)
    return phrases.NOT_NARROWED[view.language].format(names=names)


def _shown(view: View, found: Found, asked: Asked, lines: int) -> str:
    first = (asked.page - 1) * lines
    return phrases.SHOWN_ROWS[view.language].format(
        first=whole(min(first + 1, found.count), view.language),
        last=whole(min(first + len(found.table.rows), found.count), view.language),
        count=whole(found.count, view.language),
    )


def _pages(view: View, table: Table, found: Found, asked: Asked) -> dict[str, str]:
    last = -(-found.count // LINES_OF_A_PAGE)
    around = {"previous": asked.page - 1, "next": asked.page + 1}
    return {
        name: view.table_address(table.name, page=str(number), **_sorted(asked))
        for name, number in around.items()
        if 1 <= number <= last
    }


def _heading(view: View, table: Table, column: PreparedColumn, is_whole: bool) -> Heading:
    declared = {one.name: one for one in table.definition.columns}.get(column.name)
    if not is_whole or declared is None or declared.compose:
        return Heading(column.heading, column.kind.is_number)
    asked = view.asked
    is_sorted = asked.sort == column.name
    # Numbers are mostly looked at from the largest down.
    turned = not asked.is_descending if is_sorted else column.kind.is_number
    return Heading(
        column.heading,
        column.kind.is_number,
        view.table_address(table.name, sort=("-" if turned else "") + column.name),
        ("descending" if asked.is_descending else "ascending") if is_sorted else "",
        phrases.SORT_BY[view.language].format(name=column.heading),
    )


def _lines(
    view: View, table: Table, found: Found, columns: Sequence[tuple[int, PreparedColumn]]
) -> list[Line]:
    write = [_writer(view, found.answer, place, column) for place, column in columns]
    lines = []
    for row, values in enumerate(found.table.rows):
        cells = tuple(cell(row, values) for cell in write)
        key, name = _chosen(found.answer, row) if table.can_be_reminded else ("", "")
        lines.append(Line(cells, key, name, key in view.noted))
    return lines


def _chosen(answer: Answer, row: int) -> tuple[str, str]:
    """Key and name of a row that can be reminded of."""
    line = dict(zip(answer.at, answer.rows[row], strict=True))
    if line["worklist_status"] != CHOOSABLE:
        return "", ""
    return line["open_item_id"], f"{line['document_number'] or ''} {line['customer'] or ''}".strip()


def _writer(
    view: View, answer: Answer, place: int, column: PreparedColumn
) -> Callable[[int, tuple[Any, ...]], Cell]:
    """How the values of a column are written, decided once and not for every cell."""
    language, kind = view.language, column.kind
    is_customer = column.name == "customer" and "customer_id" in answer.at

    def write(row: int, values: tuple[Any, ...]) -> Cell:
        value = values[place]
        text = shown(value, kind, column.currency_in(values), language)
        if is_customer and value:
            key = answer.rows[row][answer.at["customer_id"]]
            return Cell(text, url=view.to("customer", customer_id=key))
        late = kind is Kind.DAYS_LATE and value is not None and value > 0
        lateness = next((n for n, days in enumerate(LATE_FROM, 1) if late and value > days), 0)
        return Cell(text, kind.is_number, lateness, is_long=len(text) > LONG)

    return write


def chart_view(view: View, chart: Chart) -> dict[str, Any]:
    """A chart, drawn, and the same numbers as a table."""
    found = read_chart(view.reading, view.reader, view.page, chart, view.asked, view.language)
    title = chart.title[view.language]
    columns = list(enumerate(found.table.columns))
    write = [_writer(view, found.answer, place, column) for place, column in columns]
    return {
        "kind": "chart",
        "name": chart.name,
        "title": title,
        "note": chart.note[view.language] if chart.note else "",
        "not_narrowed": _not_narrowed(view, found),
        "drawings": _drawings(view, chart, found, title),
        "empty": phrases.NO_NUMBERS[view.language],
        "headings": [Heading(column.heading, column.kind.is_number) for _, column in columns],
        "lines": [
            Line(tuple(cell(row, values) for cell in write))
            for row, values in enumerate(found.table.rows)
        ],
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
                _teller(chart.y.kind, language),
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


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)


def _teller(kind: Kind, language: Language) -> Callable[[float], str]:
    def tell(value: float) -> str:
        if kind is Kind.SHARE:
            return shown(Decimal(str(round(value, 4))), kind, None, language)
        if abs(value) >= 100:
            return whole(Decimal(round(value)), language)
        return exact(Decimal(str(round(value, 2))), language)

    return tell


def figures_view(view: View, block: Figures) -> dict[str, Any]:
    """KPIs, each with its day, its course and where its definition and rows are."""
    known = catalogue(view.reading, view.language)
    wanted = [name for name in block.rows if name in known]
    found = points(view.reading, wanted, view.asked, figures.MOST_POINTS)
    return {
        "kind": "figures",
        "figures": [
            figure(view, known[name], found.get(name, []), block.rows[name]) for name in wanted
        ],
    }


def figure(view: View, kpi: Kpi, of_kpi: Sequence[Any], rows: str) -> dict[str, Any]:
    """One KPI."""
    language = view.language
    history = figures.values(kpi, of_kpi)
    company = view.asked.values.get("company_id", "")
    told: dict[str, Any] = {
        "label": kpi.label,
        "definition": kpi.definition,
        "definition_url": view.to("definitions", kpi.name, company_id=company),
        "definition_label": phrases.DEFINITION_OF[language].format(name=kpi.label),
        "rows_url": _rows_address(view, rows),
        "rows_label": phrases.ROWS_OF[language].format(name=kpi.label),
        "numbers": [("", phrases.NO_VALUE[language])],
        "when": "",
        "change": "",
        "direction": "",
        "before": "",
        "target": _target(view, kpi),
        "spark": Markup(""),
    }
    if not history:
        return told
    last, earlier = history[-1], figures.before(history)
    word, direction = figures.change(last, earlier, kpi, language)
    told |= {
        "numbers": figures.in_words(last, kpi, language),
        "when": figures.when(last, view.reading.as_of, language),
        "change": word,
        "direction": direction,
        "spark": sparkline([_plain(value.only) for value in history]),
    }
    if word and earlier:
        ((_, number),) = figures.in_words(earlier, kpi, language)
        told["before"] = f"{number} {figures.when(earlier, view.reading.as_of, language)}"
    return told


def _rows_address(view: View, rows: str) -> str:
    path, _, query = rows.partition("?")
    more = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    company = view.asked.values.get("company_id", "")
    return view.to(*path.split("/"), **{"company_id": company, **more})


def _target(view: View, kpi: Kpi) -> str:
    company = view.asked.values.get("company_id")
    targets = {value for its, value in kpi.targets.items() if company is None or its == company}
    if len(targets) != 1:
        return ""
    (target,) = targets
    told = figures.number(target, kpi, None, view.language)
    return phrases.TARGET[view.language].format(value=told)


def block_views(view: View, blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """What a page shows of some blocks; charts that follow each other stand side by side."""
    shown_blocks = [block for block in blocks if not isinstance(block, Table) or block.lines]
    told = [_block_view(view, block) for block in shown_blocks]
    charts = 0
    for place, one in enumerate(told):
        charts = charts + 1 if one["kind"] == "chart" else 0
        is_followed = place + 1 < len(told) and told[place + 1]["kind"] == "chart"
        one["is_paired"] = charts % 2 == 0 or is_followed
    return told


def _block_view(view: View, block: Block) -> dict[str, Any]:
    if isinstance(block, Figures):
        return figures_view(view, block)
    if isinstance(block, Chart):
        return chart_view(view, block)
    return table_view(view, block, is_whole=False)


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
        "target": _target(view, kpi),
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
                _plain(next((its for whose, its, _ in value.numbers if whose == name), None))
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
            _teller(Kind.SHARE if kpi.unit == "share" else Kind.DECIMAL, language),
        )
    )

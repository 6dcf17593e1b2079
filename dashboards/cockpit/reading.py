"""Asks the marts for what a block shows, narrowed by filters and by who reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial

from dashboards.cockpit import codes, phrases
from dashboards.cockpit.access import Reader
from dashboards.cockpit.blocks import Chart, Filter, Page, Table, queries_of
from dashboards.cockpit.publication import Reading
from ingestion.engine import one_row, quoted_name, quoted_text
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.marts import Provenance, provenance, rows_from
from reports.prepared import Answer, Labels, PreparedList, PreparedTable, laid_out
from reports.request import Language

LINES_OF_A_PAGE = 100
MONTHS = (6, 13, 25, 37)
USUAL_MONTHS = 13
SAID_OTHERWISE = ("told", "count", "of")
"""Parameters of an address that are no filters."""
COMPANY = Filter(Column("company_id", heading=phrases.COMPANY))
"""The filter that every page has."""


@dataclass(frozen=True)
class Asked:
    """What the address of a page asks for."""

    values: Mapping[str, str] = field(default_factory=dict)
    """By the name of a filter; only those that are set."""
    search: str = ""
    sort: str | None = None
    is_descending: bool = False
    page: int = 1
    months: int = USUAL_MONTHS

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """From the parameters of an address; what makes no sense there is left out."""
        kept = {
            name: value
            for name, value in query.items()
            if value and "\0" not in value and name not in SAID_OTHERWISE
        }
        page, months = kept.pop("page", ""), kept.pop("months", "")
        sort = kept.pop("sort", "") or None
        return cls(
            search=kept.pop("q", "").strip(),
            sort=sort.removeprefix("-") if sort else None,
            is_descending=bool(sort) and str(sort).startswith("-"),
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
            months=int(months) if months in map(str, MONTHS) else USUAL_MONTHS,
            values=kept,
        )


@dataclass(frozen=True)
class Found:
    """A window of a table: as it is shown, and as the marts have it."""

    table: PreparedTable
    answer: Answer
    count: int
    """Rows in all, the window's and the others."""
    not_narrowed_by: tuple[str, ...] = ()
    """Filters that are set and say nothing of these rows."""


def labels_of(reading: Reading, language: Language) -> Labels:
    """What columns and codes are called."""

    def ask() -> Labels:
        labels = Labels(reading.connection, language)
        labels.codes["aging_bucket"] = labels.buckets
        for name, words in codes.CODES.items():
            labels.codes[name] = {code: phrase[language] for code, phrase in words.items()}
        _add_mixtures(labels, language)
        return labels

    return reading.remember(("labels", language), ask)


def _add_mixtures(labels: Labels, language: Language) -> None:
    """Columns that hold codes of several sets, one after the other."""
    for name, parts in codes.MIXTURES.items():
        labels.codes[name] = {
            code: words for part in parts for code, words in labels.codes.get(part, {}).items()
        }
    labels.codes["any_detail"] |= {
        f"level_{level}_{result}": phrases.LEVEL[language].format(level=level)
        for level in range(1, 10)
        for result in ("sent", "failed", "promised", "disputed", "no_answer")
    }


def provenance_of(reading: Reading) -> Provenance:
    """How old the marts are now."""
    return provenance(reading.connection, reading.as_of)


def columns_of(reading: Reading, query: str) -> frozenset[str]:
    """Names of the columns that a query returns."""

    def ask() -> frozenset[str]:
        described = reading.connection.execute(f"describe {told(query, reading.as_of)}")
        return frozenset(row[0] for row in described.fetchall())

    return reading.remember(("columns", query), ask)


def told(query: str, as_of: date) -> str:
    """A query of the day that the marts speak of, and of now, where it asks for that.

    For what the cockpit's own code says alone: what people typed may hold the same words.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    return query.replace("$as_of", f"date '{as_of}'").replace("$now", str(now))


def rows_behind(reading: Reading, page: Page, query: str) -> str:
    """What a block's rows are selected from.

    Lists and charts of a page are flattened, except where they tell the time. What is known of one
    thing is asked of the marts, which are sorted by it.
    """
    query_of_the_day = told(query, reading.as_of)
    if page.key or "$now" in query:
        return f"({query_of_the_day})"
    return reading.flat(query_of_the_day)


def prepare(reading: Reading, pages: Iterable[Page]) -> None:
    """Flatten beforehand what the first reader of each page would wait for."""
    for page in pages:
        for query in queries_of(page.blocks):
            rows_behind(reading, page, query)


def condition(
    reading: Reading,
    reader: Reader,
    asked: Asked,
    query: str,
    filters: Sequence[Filter],
    search: tuple[str, ...] = (),
) -> str:
    """The rows of a query that are asked for, among those that the reader may see."""
    columns = columns_of(reading, query)
    conditions = [reader.condition(reading, columns)]
    conditions += [
        f"cast({quoted_name(one.name)} as varchar) = {quoted_text(asked.values[one.name])}"
        for one in filters
        if one.name in asked.values and one.name in columns
    ]
    if asked.search and search:
        word = quoted_text(asked.search)
        looked_into = " || '\n' || ".join(
            f"coalesce(cast({quoted_name(name)} as varchar), '')" for name in search
        )
        conditions.append(f"contains(lower({looked_into}), lower({word}))")
    return " and ".join(conditions)


def filters_of(page: Page, table: Table | None = None) -> tuple[Filter, ...]:
    """The filters of a page, or of one of its tables."""
    return (COMPANY, *page.filters, *(table.filters if table else ()))


def read_table(
    reading: Reading,
    reader: Reader,
    page: Page,
    table: Table,
    asked: Asked,
    language: Language,
    lines: int | None = LINES_OF_A_PAGE,
    among: str = "true",
) -> Found:
    """Some rows of a table, or all where no number is given; where wanted, among certain ones."""
    definition = shown_to(reader, table.definition)
    filters = (*filters_of(page, table), *_about(page))
    chosen = condition(reading, reader, asked, definition.query, filters, table.search)
    chosen = f"{chosen} and {among}"
    at = (asked.sort, asked.is_descending, asked.page, frozenset(asked.values))
    key = ("table", page.name, table.name, definition, chosen, at, lines, language)

    def ask() -> Found:
        return _found(reading, page, definition, chosen, filters, asked, language, lines)

    # A workbook is too large to be kept, and what asks for now is never twice the same.
    is_kept = lines is not None and "$now" not in definition.query
    return reading.remember(key, ask) if is_kept else ask()


def _found(
    reading: Reading,
    page: Page,
    definition: TableDefinition,
    chosen: str,
    filters: Sequence[Filter],
    asked: Asked,
    language: Language,
    lines: int | None,
) -> Found:
    source = rows_behind(reading, page, definition.query)
    # Counted is what the table is made of, not what is laid out.
    (count,) = one_row(reading.connection, f"select count(*) from {source} where {chosen}")
    window = "" if lines is None else f"limit {lines} offset {(asked.page - 1) * lines}"
    names, rows = rows_from(reading.connection, source, chosen, _order(definition, asked), window)
    answer = Answer.of(names, rows)
    labels = labels_of(reading, language)
    left = tuple(
        labels.heading(one.column)
        for one in filters
        if one.name in asked.values and one.name not in names
    )
    return Found(laid_out(definition, answer, labels), answer, count, left)


def _about(page: Page) -> tuple[Filter, ...]:
    """What a page about one thing narrows all of its blocks by."""
    return (Filter(Column(page.key)),) if page.key else ()


def shown_to(reader: Reader, definition: TableDefinition) -> TableDefinition:
    """A table less the columns that are not for the reader's role."""
    kept = tuple(column for column in definition.columns if reader.may_see_column(column.name))
    return replace(definition, columns=kept, breakdowns=(), statement=())


def _order(definition: TableDefinition, asked: Asked) -> str:
    sortable = {column.name for column in definition.columns if not column.compose}
    if asked.sort not in sortable:
        return definition.order
    way = "desc" if asked.is_descending else "asc"
    return f"{quoted_name(str(asked.sort))} {way} nulls last, {definition.order}"


def as_list(
    reading: Reading, name: str, title: str, language: Language, table: PreparedTable
) -> PreparedList:
    """A table as the writers of lists take it."""
    return PreparedList(name, title, language, provenance_of(reading), (), (table,))


def choices(
    reading: Reading,
    reader: Reader,
    page: Page,
    one: Filter,
    queries: Collection[str],
    language: Language,
) -> list[tuple[str, str]]:
    """The values that a filter of a page chooses among, each with its words."""
    if one is COMPANY:
        return reading.remember("companies", lambda: _companies(reading))
    found: set[str] = set()
    for query in queries:
        columns = columns_of(reading, query)
        if one.name in columns:
            found |= reading.remember(
                ("choices", one.name, query, reader.salesperson),
                partial(
                    _values_of,
                    reading,
                    one.name,
                    rows_behind(reading, page, query),
                    reader.condition(reading, columns),
                ),
            )
    words: Mapping[str, str] = {}
    if one.column.kind is Kind.CODE:
        words = labels_of(reading, language).words(one.column)
    elif one.column.kind is Kind.YES_NO:
        words = {"true": wording.YES[language], "false": wording.NO[language]}
    named = [(value, words.get(value, value)) for value in found]
    return sorted(named, key=lambda pair: pair[1].casefold())


def _companies(reading: Reading) -> list[tuple[str, str]]:
    found = reading.connection.execute(
        "select company_id, name from core.dim_company where company_id <> 'unknown' order by name"
    ).fetchall()
    return [(str(key), str(name)) for key, name in found]


def _values_of(reading: Reading, name: str, source: str, chosen: str) -> set[str]:
    found = reading.connection.execute(
        f"select distinct cast({quoted_name(name)} as varchar) from {source} where {chosen}"
    ).fetchall()
    return {value for (value,) in found if value}


def chart_table(
    reading: Reading, reader: Reader, page: Page, chart: Chart, asked: Asked
) -> TableDefinition:
    """The numbers of a chart as a table, narrowed and added up."""
    filters = (*filters_of(page), *_about(page))
    chosen = condition(reading, reader, asked, chart.query, filters)
    if page.has_months and chart.x.kind in (Kind.DATE, Kind.MONTH):
        since = f"date '{reading.as_of}' - interval {asked.months} month"
        chosen += f" and {quoted_name(chart.x.name)} > {since}"
    by = [column for column in (chart.x, chart.series) if column]
    currency = _currency(reading, chart)
    names = [quoted_name(column.name) for column in by] + ([currency] if currency else [])
    measured = f"sum({quoted_name(chart.y.name)})"
    if chart.over:
        measured = f"{measured} / nullif(sum({quoted_name(chart.over)}), 0)"
    # The bounds of several forecasts do not add up to those of their sum.
    bounds = [
        f"case when count(*) = 1 then max({quoted_name(bound)}) end as {quoted_name(bound)}"
        for bound in chart.band or ()
    ]
    shown = ", ".join([*names, f"{measured} as {quoted_name(chart.y.name)}", *bounds])
    source = rows_behind(reading, page, chart.query)
    query = f"select {shown} from {source} where {chosen} group by {', '.join(names)}"
    columns = [*by, *((Column(currency, width=8),) if currency else ()), chart.y]
    columns += [Column(bound, chart.y.kind) for bound in chart.band or ()]
    return TableDefinition(
        title=chart.title,
        query=query,
        order=chart.order,
        columns=tuple(columns),
        has_customers=False,
    )


def _currency(reading: Reading, chart: Chart) -> str | None:
    """The column by which amounts must be kept apart."""
    if chart.y.kind is not Kind.MONEY:
        return None
    return chart.y.currency if chart.y.currency in columns_of(reading, chart.query) else None


def read_chart(
    reading: Reading, reader: Reader, page: Page, chart: Chart, asked: Asked, language: Language
) -> Found:
    """The numbers of a chart."""
    definition = chart_table(reading, reader, page, chart, asked)
    key = ("chart", definition, page.name, frozenset(asked.values), language)
    return reading.remember(
        key, lambda: _found_chart(reading, page, chart, definition, asked, language)
    )


def _found_chart(
    reading: Reading,
    page: Page,
    chart: Chart,
    definition: TableDefinition,
    asked: Asked,
    language: Language,
) -> Found:
    names, rows = rows_from(reading.connection, f"({definition.query})", "true", definition.order)
    labels = labels_of(reading, language)
    columns = columns_of(reading, chart.query)
    left = tuple(
        labels.heading(one.column)
        for one in filters_of(page)
        if one.name in asked.values and one.name not in columns
    )
    answer = Answer.of(names, rows)
    return Found(laid_out(definition, answer, labels), answer, len(rows), left)

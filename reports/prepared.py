"""A list with all that a format needs to write it: labels, rows, totals, and how old it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ingestion.errors import ConfigurationError
from reports import wording
from reports.definition import Breakdown, Column, Kind, ListDefinition, TableDefinition
from reports.marts import Provenance, provenance, published_day, rows_of
from reports.narrowing import Narrowing, narrowing
from reports.numbers import exact, rounded, shown, whole
from reports.request import Language, ListRequest
from reports.wording import CODES, Phrase

if TYPE_CHECKING:
    import duckdb

AGING = "aging"
"""Stands in a breakdown for all columns of the aging."""
CUSTOMER = ("company", "customer_number", "customer", "company_currency_code")
"""Columns that name the customer whose lines a statement groups."""


@dataclass(frozen=True)
class PreparedColumn:
    """A column as it is shown."""

    name: str
    heading: str
    kind: Kind
    width: int
    is_printed: bool
    total: Decimal | None
    """Sum of what is shown; none where it would add up different currencies."""
    currency: int | None
    """Position of the column that names the currency of an amount."""
    total_currency: str | None = None
    """The currency of the total, where it has one."""

    def currency_in(self, line: tuple[Any, ...]) -> str | None:
        """The currency of its amount in a line."""
        return None if self.currency is None else line[self.currency]


def count_column(language: Language) -> PreparedColumn:
    """The column of a number of lines."""
    return PreparedColumn("", wording.COUNT[language], Kind.COUNT, 10, True, None, None)


class BreakdownLine(NamedTuple):
    """Totals of the lines of a table that have the same in some columns."""

    key: tuple[Any, ...]
    """What they have in these columns."""
    number: int
    """How many they are."""
    totals: tuple[Decimal, ...]


@dataclass(frozen=True)
class PreparedBreakdown:
    """Totals by some columns: positions of the columns, and a line per combination."""

    title: str
    by: tuple[int, ...]
    measures: tuple[int, ...]
    columns: tuple[PreparedColumn, ...]
    """As they are shown: what it is by, the number of lines, the measures."""
    lines: list[BreakdownLine]

    def currency_in(self, line: BreakdownLine, measure: PreparedColumn) -> str | None:
        """The currency of a total, where the breakdown is by that."""
        return line.key[self.by.index(measure.currency)] if measure.currency in self.by else None

    def texts(self, language: Language, nothing: str) -> list[list[str]]:
        """Its lines as the language writes them, and what stands for a total of nothing."""
        return [self._texts_of(line, language, nothing) for line in self.lines]

    def _texts_of(self, line: BreakdownLine, language: Language, nothing: str) -> list[str]:
        by, measures = self.columns[: len(self.by)], self.columns[len(self.by) + 1 :]
        key = [
            shown(value, column.kind, None, language)
            for value, column in zip(line.key, by, strict=True)
        ]
        totals = [
            shown(total, column.kind, self.currency_in(line, column), language)
            if total
            else nothing
            for total, column in zip(line.totals, measures, strict=True)
        ]
        return [*key, whole(line.number, language), *totals]


@dataclass(frozen=True)
class PreparedStatement:
    """How lines are grouped by customer, in positions of columns."""

    customer: tuple[int, ...]
    """What names the customer, the currency of his company last."""
    lines: tuple[int, ...]
    """What is told of each line beneath him."""
    measures: tuple[int, ...]
    """Amounts that are added up per customer."""

    @property
    def columns(self) -> tuple[int, ...]:
        """All of them, from left to right."""
        return (*self.customer, *self.lines, *self.measures)


@dataclass(frozen=True)
class PreparedTable:
    """A table as it is shown: codes are words, amounts whole cents."""

    title: str
    columns: tuple[PreparedColumn, ...]
    rows: list[tuple[Any, ...]]
    remarks: tuple[str, ...]
    """Where a total is not what the marts add up to."""
    breakdowns: tuple[PreparedBreakdown, ...]
    statement: PreparedStatement | None
    selection: list[int]
    """Positions of the rows that come first where not all are printed."""
    selection_name: str

    @property
    def printed(self) -> list[PreparedColumn]:
        """Columns that are also on paper and in mail."""
        return [column for column in self.columns if column.is_printed]

    def texts(self, rows: Iterable[int], language: Language) -> list[list[str]]:
        """What is printed of some rows, as the language writes it."""
        return [
            [
                shown(value, column.kind, column.currency_in(line), language)
                for value, column in zip(line, self.columns, strict=True)
                if column.is_printed
            ]
            for line in (self.rows[row] for row in rows)
        ]


@dataclass(frozen=True)
class PreparedList:
    """A list, ready to be written."""

    name: str
    """Of the list, or of the audience of a digest."""
    title: str
    language: Language
    provenance: Provenance
    only: tuple[str, ...]
    """Whose rows, where it is not everybody's."""
    tables: tuple[PreparedTable, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of its totals."""
        return tuple(remark for table in self.tables for remark in table.remarks)

    @property
    def lines(self) -> int:
        """Number of lines of the main table, those that a printed selection leaves out included."""
        return len(self.tables[0].rows)

    def file_name(self, ending: str) -> str:
        """What its file is called where nobody says, such as unpaid-2026-06-30-en.xlsx."""
        return f"{self.name}-{self.provenance.as_of}-{self.language.value}{ending}"


def prepare(
    connection: duckdb.DuckDBPyConnection, definition: ListDefinition, request: ListRequest
) -> PreparedList:
    """Ask the marts for a list.

    Raises:
        ConfigurationError: they do not speak of that day, or know nobody of that name.

    """
    language = request.language
    as_of = day_of(connection, definition, request.as_of)
    chosen = narrowing(connection, request)
    labels = Labels(connection, language)
    tables = tuple(
        _table(connection, table, as_of, chosen, labels) for table in chosen.tables(definition)
    )
    company = chosen.company.keys if chosen.company else ()
    return PreparedList(
        name=definition.name.value,
        title=definition.title[language],
        language=language,
        provenance=provenance(connection, as_of, company),
        only=chosen.names,
        tables=tables,
    )


def day_of(
    connection: duckdb.DuckDBPyConnection, definition: ListDefinition, asked: date | None
) -> date:
    """The day that a list speaks of.

    Raises:
        ConfigurationError: the marts cannot tell that list of the day that is asked for.

    """
    if asked is None:
        return published_day(connection)
    days = [day for (day,) in connection.execute(definition.days).fetchall()]
    if asked in days:
        return asked
    told = ", ".join(day.isoformat() for day in days[:6]) + (", …" if len(days) > 6 else "")
    raise ConfigurationError(
        f"--as-of: the published marts cannot tell {definition.name.value} of {asked}, only of: "
        f"{told or 'no day'}. For another day: `adv rebuild --as-of {asked} --into FILE`, then "
        "`--marts FILE`."
    )


class Labels:
    """What columns and codes are called in a language, as far as the marts say."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, language: Language) -> None:
        self.language = language
        label = f"label_{language.value}"
        self.columns: dict[str, str] = dict(
            connection.execute(
                f"select column_name, any_value({label}) from kpi.glossary "
                f"where column_name <> '' and {label} is not null group by 1"
            ).fetchall()
        )
        self.codes: dict[str, dict[str, str]] = {
            name: {code: phrase[language] for code, phrase in phrases.items()}
            for name, phrases in CODES.items()
        }
        for name, table in (
            ("channel", "core.dim_channel"),
            ("claim_reason", "core.dim_claim_reason"),
        ):
            self.codes[name] = dict(
                connection.execute(f"select {name}, {label} from {table}").fetchall()
            )
        self.codes["document_status"] = dict(
            connection.execute(
                f"select status, any_value({label}) from core.dim_document_status group by 1"
            ).fetchall()
        )
        self.buckets: dict[str, str] = dict(
            connection.execute(
                f"select aging_bucket, {label} from core.dim_aging_bucket order by sort_order"
            ).fetchall()
        )

    def heading(self, column: Column) -> str:
        """What stands above a column."""
        if column.heading:
            return column.heading[self.language]
        return self.columns.get(column.name, column.name)

    def words(self, column: Column) -> dict[str, str]:
        """What stands for each code of a column."""
        return self.codes[column.codes or column.name]


@dataclass(frozen=True)
class Answer:
    """What the marts answered to the query of a table."""

    at: dict[str, int]
    """Position of each column, by its name."""
    rows: list[tuple[Any, ...]]

    @classmethod
    def of(cls, names: list[str], rows: list[tuple[Any, ...]]) -> Answer:
        """From the names of its columns, in their order, and its rows."""
        return cls({name: position for position, name in enumerate(names)}, rows)

    def column(self, name: str) -> list[Any]:
        """All values of a column."""
        position = self.at[name]
        return [row[position] for row in self.rows]


def _table(
    connection: duckdb.DuckDBPyConnection,
    definition: TableDefinition,
    as_of: date,
    chosen: Narrowing,
    labels: Labels,
) -> PreparedTable:
    names, found = rows_of(
        connection, definition.query, as_of, chosen.condition(definition), definition.order
    )
    return laid_out(definition, Answer.of(names, found), labels)


def laid_out(definition: TableDefinition, answer: Answer, labels: Labels) -> PreparedTable:
    """A table as it is shown, of what the marts answered to its query."""
    shown = list(_shown(definition, answer, labels))
    position_of = {column.name: position for position, (column, _) in enumerate(shown)}
    columns = tuple(
        _prepared_column(column, values, position_of, shown, labels) for column, values in shown
    )
    rows = list(zip(*(values for _, values in shown), strict=True))
    aging = tuple(labels.buckets) if definition.aging else ()
    language, selection_name = labels.language, definition.selection_name
    return PreparedTable(
        title=definition.title[language],
        columns=columns,
        rows=rows,
        remarks=tuple(_rounding(columns, answer, language)),
        breakdowns=tuple(
            _breakdown(breakdown, columns, rows, aging, language)
            for breakdown in definition.breakdowns
        ),
        statement=_statement(definition, position_of, aging),
        selection=_selection(definition, answer),
        selection_name=selection_name[language] if selection_name else "",
    )


def _shown(
    definition: TableDefinition, answer: Answer, labels: Labels
) -> Iterator[tuple[Column, list[Any]]]:
    """The columns and their values; after an amount that is spread by age, one per bucket."""
    for column in definition.columns:
        values = _values(column, answer, labels)
        yield column, values
        if definition.aging and column.name == definition.aging.amount:
            yield from _spread(column, values, answer.column(definition.aging.bucket), labels)


def _spread(
    amount: Column, values: list[Any], buckets: list[Any], labels: Labels
) -> Iterator[tuple[Column, list[Any]]]:
    for bucket, label in labels.buckets.items():
        yield (
            _bucket_column(amount, bucket, label),
            [value if bucket == its else None for value, its in zip(values, buckets, strict=True)],
        )


def _statement(
    definition: TableDefinition, position_of: dict[str, int], aging: tuple[str, ...]
) -> PreparedStatement | None:
    def positions(*names: str) -> tuple[int, ...]:
        return tuple(position_of[name] for name in names)

    if not definition.statement or definition.aging is None:
        return None
    return PreparedStatement(
        customer=positions(*CUSTOMER),
        lines=positions(*definition.statement),
        measures=positions(definition.aging.amount, *aging),
    )


def _selection(definition: TableDefinition, answer: Answer) -> list[int]:
    """Positions of the rows, those that weigh most first; in their order where none weighs more."""
    weights = [answer.at[name] for name in definition.selection]
    return sorted(
        range(len(answer.rows)),
        key=lambda row: [answer.rows[row][weight] or 0 for weight in weights],
        reverse=True,
    )


def _bucket_column(amount: Column, bucket: str, label: str) -> Column:
    return Column(
        bucket,
        Kind.MONEY,
        width=13,
        currency=amount.currency,
        is_totalled=True,
        heading=Phrase(label, label, label),
    )


def _values(column: Column, answer: Answer, labels: Labels) -> list[Any]:
    """A column's values as they are shown."""
    language = labels.language
    if column.compose:
        compose = column.compose
        return [compose(dict(zip(answer.at, row, strict=True)), language) for row in answer.rows]
    values = answer.column(column.name)
    if column.kind is Kind.CODE:
        words = labels.words(column)
        return [words.get(value, value) for value in values]
    if column.kind is Kind.YES_NO:
        yes, no = wording.YES[language], wording.NO[language]
        return [None if value is None else yes if value else no for value in values]
    if column.kind is Kind.MONEY:
        currencies = answer.column(column.currency)
        return [
            None if value is None else rounded(value, currency)
            for value, currency in zip(values, currencies, strict=True)
        ]
    if column.kind is Kind.TEXT:
        unknown = wording.UNKNOWN[language]
        return [unknown if value == "unknown" else value for value in values]
    return values


def _prepared_column(
    column: Column,
    values: list[Any],
    position_of: dict[str, int],
    shown: list[tuple[Column, list[Any]]],
    labels: Labels,
) -> PreparedColumn:
    currency = position_of.get(column.currency) if column.kind is Kind.MONEY else None
    of_lines = [] if currency is None else shown[currency][1]
    # A line without an amount adds nothing, whatever its currency.
    currencies = {its for value, its in zip(values, of_lines, strict=False) if value}
    total: Decimal | None = None
    if column.is_totalled and len(currencies) <= 1:
        total = Decimal(sum(value for value in values if value is not None))
    return PreparedColumn(
        name=column.name,
        heading=labels.heading(column),
        kind=column.kind,
        width=column.width,
        is_printed=column.is_printed,
        total=total,
        currency=currency,
        total_currency=next((its for its in (*currencies, *of_lines) if its), None),
    )


def _rounding(
    columns: tuple[PreparedColumn, ...], answer: Answer, language: Language
) -> Iterator[str]:
    """A remark for each total that is not to the cent what the marts add up to."""
    for column in columns:
        if column.total is None or column.kind is not Kind.MONEY or column.name not in answer.at:
            continue
        total = Decimal(sum(value or 0 for value in answer.column(column.name)))
        if total != column.total:
            yield wording.ROUNDED[language].format(
                column=column.heading,
                total=exact(total, language),
                difference=exact(column.total - total, language),
            )


def _measures(names: tuple[str, ...], aging: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for name in names for one in (aging if name == AGING else (name,)))


def _breakdown(
    breakdown: Breakdown,
    columns: tuple[PreparedColumn, ...],
    rows: list[tuple[Any, ...]],
    aging: tuple[str, ...],
    language: Language,
) -> PreparedBreakdown:
    position_of = {column.name: position for position, column in enumerate(columns)}
    by = tuple(position_of[name] for name in breakdown.by)
    measures = tuple(position_of[name] for name in _measures(breakdown.measures, aging))
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    sums: dict[tuple[Any, ...], list[Decimal]] = {}
    for row in rows:
        key = tuple(row[position] for position in by)
        counts[key] += 1
        totals = sums.setdefault(key, [Decimal(0)] * len(measures))
        for place, position in enumerate(measures):
            if row[position] is not None:
                totals[place] += row[position]
    lines = [BreakdownLine(key, counts[key], tuple(totals)) for key, totals in sums.items()]
    if breakdown.most is not None:
        lines.sort(key=lambda line: line.totals[0] if measures else line.number, reverse=True)
    return PreparedBreakdown(
        title=breakdown.title[language],
        by=by,
        measures=measures,
        columns=(
            *(columns[position] for position in by),
            count_column(language),
            *(columns[position] for position in measures),
        ),
        lines=lines[: breakdown.most],
    )

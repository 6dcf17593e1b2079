"""A list with all that a format needs to write it: labels, rows, totals, and how old it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ingestion.errors import ConfigurationError
from reports import wording
from reports.definition import Breakdown, Column, Kind, ListDefinition, TableDefinition
from reports.marts import Provenance, provenance, published_day, rows_of
from reports.narrowing import Narrowing, narrowing
from reports.numbers import exact, rounded
from reports.request import Language, ListRequest
from reports.wording import CODES, Phrase

if TYPE_CHECKING:
    import duckdb

AGING = "aging"
"""Stands in a breakdown for all columns of the aging."""


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


@dataclass(frozen=True)
class PreparedBreakdown:
    """Totals by some columns: positions of the columns, and a line per combination."""

    title: str
    by: tuple[int, ...]
    measures: tuple[int, ...]
    lines: list[tuple[tuple[Any, ...], int, tuple[Decimal, ...]]]
    """What it is by, the number of lines, the totals."""


@dataclass(frozen=True)
class PreparedTable:
    """A table as it is shown: codes are words, amounts whole cents."""

    title: str
    columns: tuple[PreparedColumn, ...]
    rows: list[tuple[Any, ...]]
    breakdowns: tuple[PreparedBreakdown, ...]
    statement: tuple[int, ...]
    customer: tuple[int, ...]
    """Columns that name the customer whose lines a statement groups."""
    measures: tuple[int, ...]
    """Amounts that a statement adds up per customer."""
    selection: list[int]
    """Positions of the rows that come first where not all are printed."""
    selection_name: str


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
    remarks: tuple[str, ...]
    tables: tuple[PreparedTable, ...]

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
    labels = _Labels(connection, language)
    remarks: list[str] = []
    tables = tuple(
        _table(connection, table, as_of, chosen, labels, remarks)
        for table in chosen.tables(definition)
    )
    company = chosen.company.keys if chosen.company else ()
    return PreparedList(
        name=definition.name.value,
        title=definition.title[language],
        language=language,
        provenance=provenance(connection, as_of, company),
        only=chosen.names,
        remarks=tuple(remarks),
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


class _Labels:
    """What columns and codes are called, as far as the marts say."""

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
        if column.heading:
            return column.heading[self.language]
        return self.columns.get(column.name, column.name)

    def words(self, column: Column) -> dict[str, str]:
        return self.codes[column.codes or column.name]


def _table(
    connection: duckdb.DuckDBPyConnection,
    definition: TableDefinition,
    as_of: date,
    chosen: Narrowing,
    labels: _Labels,
    remarks: list[str],
) -> PreparedTable:
    names, found = rows_of(
        connection, definition.query, as_of, chosen.condition(definition), definition.order
    )
    at = {name: position for position, name in enumerate(names)}
    shown: list[tuple[Column, list[Any]]] = []
    for column in definition.columns:
        shown.append((column, _values(column, found, at, labels)))
        if definition.aging and column.name == definition.aging.amount:
            amounts = shown[-1][1]
            buckets = [row[at[definition.aging.bucket]] for row in found]
            for bucket, label in labels.buckets.items():
                shown.append(
                    (
                        _bucket_column(column, bucket, label),
                        [
                            amount if bucket == its else None
                            for amount, its in zip(amounts, buckets, strict=True)
                        ],
                    )
                )
    position_of = {column.name: position for position, (column, _) in enumerate(shown)}
    columns = tuple(
        _prepared_column(column, values, position_of, shown, labels) for column, values in shown
    )
    remarks.extend(_rounding(columns, shown, found, at, labels.language))
    rows = list(zip(*(values for _, values in shown), strict=True)) if shown else []
    aging = tuple(labels.buckets) if definition.aging else ()
    by_weight = (
        sorted(
            range(len(found)),
            key=lambda row: [found[row][at[name]] or 0 for name in definition.selection],
            reverse=True,
        )
        if definition.selection
        else list(range(len(found)))
    )
    measures = _measures(("company_open_amount", AGING), aging) if definition.aging else ()
    return PreparedTable(
        title=definition.title[labels.language],
        columns=columns,
        rows=rows,
        breakdowns=tuple(
            _breakdown(breakdown, rows, position_of, aging, labels.language)
            for breakdown in definition.breakdowns
        ),
        statement=tuple(position_of[name] for name in definition.statement),
        customer=tuple(
            position_of[name]
            for name in ("company", "customer_number", "customer", "company_currency_code")
        )
        if definition.statement
        else (),
        measures=tuple(position_of[name] for name in measures),
        selection=by_weight,
        selection_name=(
            definition.selection_name[labels.language] if definition.selection_name else ""
        ),
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


def _values(
    column: Column, found: Sequence[tuple[Any, ...]], at: dict[str, int], labels: _Labels
) -> list[Any]:
    """A column's values as they are shown."""
    if column.compose:
        compose = column.compose
        return [compose(dict(zip(at, row, strict=True)), labels.language) for row in found]
    position = at[column.name]
    if column.kind is Kind.CODE:
        words = labels.words(column)
        return [words.get(row[position], row[position]) for row in found]
    if column.kind is Kind.YES_NO:
        yes, no = wording.YES[labels.language], wording.NO[labels.language]
        return [None if row[position] is None else yes if row[position] else no for row in found]
    if column.kind is Kind.MONEY:
        currency = at[column.currency]
        return [
            None if row[position] is None else rounded(row[position], row[currency])
            for row in found
        ]
    if column.kind is Kind.TEXT:
        unknown = wording.UNKNOWN[labels.language]
        return [unknown if row[position] == "unknown" else row[position] for row in found]
    return [row[position] for row in found]


def _prepared_column(
    column: Column,
    values: list[Any],
    position_of: dict[str, int],
    shown: list[tuple[Column, list[Any]]],
    labels: _Labels,
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
    columns: tuple[PreparedColumn, ...],
    shown: list[tuple[Column, list[Any]]],
    found: Sequence[tuple[Any, ...]],
    at: dict[str, int],
    language: Language,
) -> Iterable[str]:
    """A remark for each total that is not to the cent what the marts add up to."""
    for prepared, (column, _) in zip(columns, shown, strict=True):
        if prepared.total is None or column.kind is not Kind.MONEY or column.name not in at:
            continue
        total = Decimal(sum(row[at[column.name]] or 0 for row in found))
        if total != prepared.total:
            yield wording.ROUNDED[language].format(
                column=prepared.heading,
                total=exact(total, language),
                difference=exact(prepared.total - total, language),
            )


def _measures(names: tuple[str, ...], aging: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for name in names for one in (aging if name == AGING else (name,)))


def _breakdown(
    breakdown: Breakdown,
    rows: list[tuple[Any, ...]],
    position_of: dict[str, int],
    aging: tuple[str, ...],
    language: Language,
) -> PreparedBreakdown:
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
    lines = [(key, counts[key], tuple(totals)) for key, totals in sums.items()]
    if breakdown.most is not None:
        largest = (lambda line: line[2][0]) if measures else (lambda line: line[1])
        lines = sorted(lines, key=largest, reverse=True)[: breakdown.most]
    return PreparedBreakdown(breakdown.title[language], by, measures, lines)

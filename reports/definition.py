"""What a list is made of, in words that every format understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from reports.request import Audience, Language, ListName
from reports.wording import Phrase

Row = Mapping[str, Any]
"""A line by the names of its query's columns."""


class Kind(Enum):
    """What a value is, which decides how each format shows it."""

    TEXT = auto()
    CODE = auto()
    """A code of the marts, shown as the phrase that stands for it."""
    COUNT = auto()
    DAYS_LATE = auto()
    """Whole days, coloured as they grow."""
    DECIMAL = auto()
    SHARE = auto()
    """A number of which 1 is the whole, shown in per cent."""
    MONEY = auto()
    DATE = auto()
    MONTH = auto()
    """The first day of a month, which stands for all of it."""
    INSTANT = auto()
    """Day and time of day, UTC."""
    YES_NO = auto()

    @property
    def is_number(self) -> bool:
        """It is set to the right, so that digits of one weight stand under each other."""
        return self in (Kind.COUNT, Kind.DAYS_LATE, Kind.DECIMAL, Kind.SHARE, Kind.MONEY)


@dataclass(frozen=True)
class Column:
    """One column of a list, by its name in the query."""

    name: str
    kind: Kind = Kind.TEXT
    width: int = 12
    """In characters of a spreadsheet."""
    currency: str = "currency_code"
    """Column that names the currency of an amount."""
    is_totalled: bool = False
    """Added up, where all of it is in one currency."""
    is_printed: bool = False
    """Also on paper, where there is less room."""
    heading: Phrase | None = None
    """What stands above it, where the glossary has no such column."""
    codes: str | None = None
    """Set of codes, where it is not called as the column is."""
    compose: Callable[[Row, Language], str] | None = None
    """Makes a sentence of a line, in place of a column of the query."""


@dataclass(frozen=True)
class Breakdown:
    """Totals of a table's lines, by some of its columns."""

    title: Phrase
    by: tuple[str, ...]
    measures: tuple[str, ...]
    most: int | None = None
    """Only so many, the largest by the first measure."""


@dataclass(frozen=True)
class Aging:
    """Spreads an amount over one column per aging bucket."""

    bucket: str
    amount: str


@dataclass(frozen=True)
class TableDefinition:
    """One table of a list: what is asked of the marts, and how it is laid out.

    The query speaks of `$as_of` and returns, beside what is shown, the keys by which a request
    may narrow it: `company_id`, `customer_id`, and those of `agents`.
    """

    title: Phrase
    query: str
    order: str
    columns: tuple[Column, ...]
    breakdowns: tuple[Breakdown, ...] = ()
    aging: Aging | None = None
    statement: tuple[str, ...] = ()
    """Columns of the lines beneath each customer, where lines are also grouped by customer."""
    agents: tuple[str, ...] = ()
    has_customers: bool = True
    selection: tuple[str, ...] = ()
    """Columns whose largest values are printed first, where not all lines are; the first decides,
    the next among equals."""
    selection_name: Phrase | None = None
    is_mailed_whole: bool = False
    """A digest shows every line, since no list holds them."""


@dataclass(frozen=True)
class ListDefinition:
    """A list: its main table first, what explains it after."""

    name: ListName | Audience
    """The audience, where it is what a digest shows."""
    title: Phrase
    days: str
    """Query for the days that the marts can speak of, newest first."""
    tables: tuple[TableDefinition, ...]

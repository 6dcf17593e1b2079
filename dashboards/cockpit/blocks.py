"""What a page is made of, as data: figures, charts and tables over queries of the marts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

from reports.definition import Column, TableDefinition
from reports.wording import Phrase


@dataclass(frozen=True)
class Filter:
    """A choice among the values of a column, kept in the address of the page."""

    column: Column
    """A column of the query, shown or not; of kind CODE where its values have words."""

    @property
    def name(self) -> str:
        """What it is called in the address."""
        return self.column.name


@dataclass(frozen=True)
class Figures:
    """KPIs of the catalogue, each with the table that holds its rows."""

    rows: dict[str, str]
    """By KPI, the address of its rows: `page/table`, with a filter where one is meant."""


class Form(Enum):
    """How a chart is drawn."""

    LINES = auto()
    """Over time, a line for each series."""
    COLUMNS = auto()
    """Upright, series on top of each other."""
    BARS = auto()
    """Lying, for names that need room."""


@dataclass(frozen=True)
class Chart:
    """A chart; its numbers stand in a table beneath it."""

    name: str
    title: Phrase
    query: str
    """Returns `x`, `series` and `y`, and columns that filters may narrow it by."""
    x: Column
    y: Column
    form: Form
    series: Column | None = None
    over: str | None = None
    """Denominator of a ratio, of which `y` is the numerator: both are added up before."""
    band: tuple[str, str] | None = None
    """Lower and upper bound around a line."""
    order: str = "1, 2"
    """Of the rows, by their columns."""
    is_about_people: bool = False
    note: Phrase | None = None


@dataclass(frozen=True)
class Table:
    """A table of a list: its first lines on the page, all of them behind a link."""

    name: str
    definition: TableDefinition
    lines: int = 10
    """On the page; none where it is only reached from figures."""
    filters: tuple[Filter, ...] = ()
    search: tuple[str, ...] = ()
    """Columns that a search looks into."""
    is_about_people: bool = False
    """Tells of single colleagues, which is for who leads them."""
    is_card: bool = False
    """Its one row is told downwards."""
    can_be_reminded: bool = False
    """Its lines can be chosen to be reminded of."""
    note: Phrase | None = None


Block = Figures | Chart | Table


def queries_of(blocks: Iterable[Block]) -> list[str]:
    """What the charts and tables among the blocks are made of."""
    return [
        block.query if isinstance(block, Chart) else block.definition.query
        for block in blocks
        if not isinstance(block, Figures)
    ]


@dataclass(frozen=True)
class Page:
    """A page of the cockpit."""

    name: str
    title: Phrase
    lead: Phrase
    """What it answers, in a sentence."""
    blocks: tuple[Block, ...]
    filters: tuple[Filter, ...] = ()
    """Those of all blocks that have the column."""
    has_months: bool = False
    """How far back its charts go can be chosen."""
    is_in_menu: bool = True
    key: str | None = None
    """Column that names the one thing that the page is about."""
    can_log_lookups: bool = False
    tables: dict[str, Table] = field(init=False)
    charts: dict[str, Chart] = field(init=False)

    def __post_init__(self) -> None:
        tables = {block.name: block for block in self.blocks if isinstance(block, Table)}
        charts = {block.name: block for block in self.blocks if isinstance(block, Chart)}
        object.__setattr__(self, "tables", tables)
        object.__setattr__(self, "charts", charts)

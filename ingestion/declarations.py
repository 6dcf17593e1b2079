"""What a system's tables are, read from the one place that says so: the dbt project.

Raw tables are declared in `dbt_project/models/staging/<system>/_<system>__sources.yml`, the
contract in `dbt_project/models/intermediate/_contract.yml`. dbt and ingestion read the same
files, so a table or column is added in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ingestion.errors import ConfigurationError
from ingestion.home import DBT_PROJECT

RECEIVABLES = (
    *("instalments", "payments", "payment_allocations", "payment_rejections"),
    *("dunning_actions", "payment_promises", "disputes", "ledger_entries"),
)
"""The tables of the contract that say what is owed, what was paid, and whom not to remind."""
STAGING = DBT_PROJECT / "models" / "staging"
CONTRACT = DBT_PROJECT / "models" / "intermediate" / "_contract.yml"
CUSTOM_FIELDS = "custom_fields"
"""Column that holds the fields of a house's own, where a table takes any: `custom_fields.py`."""
BOOKKEEPING_COLUMNS = ("source_id", "_row_hash", "_from_load", "_to_load", "_deleted")


@dataclass(frozen=True)
class Column:
    """A column that is extracted."""

    name: str
    data_type: str
    """string, bigint, decimal(p,s), double, date, timestamp or boolean."""
    optional: bool = False
    """Some versions of the system lack it; it is then NULL."""
    is_json: bool = False
    """JSON in some versions of the system; kept as text."""
    required: bool = False
    """Never NULL, by the contract."""
    alternatives: tuple[tuple[str, str | Mapping[str, str]], ...] = ()
    """Where other versions keep it: (column that must exist, SQL expression), tried in order. Where
    databases differ, the expression of each transport."""
    empty: tuple[str, ...] = ()
    """What the system writes where there is no value, such as the day 1753-01-01; read as NULL."""
    personal: str | None = field(default=None, repr=False)
    """Which kind of data about a person it may hold, one of `PERSONAL`. Not part of its repr, which
    says how it is read: another kind must not let the table be read whole again."""


@dataclass(frozen=True)
class Table:
    """A source table: what is extracted, by which key and cursor."""

    system: str
    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    cursor: str | None = None
    """Column that grows with every change; without one the table is read in full."""
    optional: bool = False
    """Comes with a module that may not be installed; it is then empty."""
    where: str | None = None
    """Condition, in the source's SQL, that leaves out rows nobody needs."""
    module: str | None = None
    """Module of the product that brings the table, for an optional one."""
    feeds: tuple[str, ...] = ()
    """Contract tables that are empty without it, for an optional one."""
    needed_for: str | None = None
    """What nobody can know without it, for a table of the contract."""
    relation: str | None = None
    """Its name at the source, where that is no plain identifier."""

    @property
    def raw_name(self) -> str:
        """Name of the table in schema `raw`."""
        return f"{self.system}__{self.name}"

    @property
    def key_and_cursor(self) -> tuple[str, ...]:
        """What tells whether a row is new or has changed."""
        cursor = () if self.cursor is None or self.cursor in self.key else (self.cursor,)
        return (*self.key, *cursor)

    @property
    def takes_custom_fields(self) -> bool:
        """Whether a source may name columns of its own; the contract gets them ready-made."""
        return self.system != "contract" and any(c.name == CUSTOM_FIELDS for c in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


TABLE_WORDS = frozenset(
    {"key", "cursor", "optional", "where", "module", "feeds", "needed_for", "relation"}
)
PERSONAL = {
    "name": "names of customers, contacts and employees",
    "address": "postal codes and towns",
    "number": "tax and registration numbers, which are a person's where the customer is one",
    "login": "logins and mail addresses of the users themselves",
    "agent": "the login of the colleague who handled the row",
    "absence": "why a colleague was away",
    "text": "text that people write, which may name somebody",
}
"""Kinds of personal data, as `config.meta.personal` of a column names them."""
TYPE = re.compile(r"string|bigint|double|date|timestamp|boolean|decimal\(\d+, ?\d+\)")


@dataclass(frozen=True)
class System:
    """A product whose tables are known."""

    name: str
    description: str
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        """The table of that name."""
        for table in self.tables:
            if table.name == name:
                return table
        known = ", ".join(table.name for table in self.tables)
        raise ConfigurationError(f"{self.name} has no table {name!r}; it has {known}.")


def _read(path: Path) -> dict[str, Any]:
    # The pure Python parser would cost every command seconds.
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded


def _column(declared: Mapping[str, Any]) -> Column:
    meta = declared.get("config", {}).get("meta", {})
    return Column(
        name=declared["name"],
        data_type=declared["data_type"],
        optional=meta.get("optional", False),
        is_json=meta.get("json", False),
        required=any(rule["type"] == "not_null" for rule in declared.get("constraints", ())),
        alternatives=tuple(meta.get("alternatives", {}).items()),
        empty=tuple(str(value) for value in meta.get("empty", ())),
        personal=meta.get("personal"),
    )


def declared_table(system: str, declared: Mapping[str, Any]) -> Table:
    """A table from its declaration.

    Raises:
        ConfigurationError: the declaration says too little, or what makes no sense.

    """
    meta = declared.get("config", {}).get("meta", {})
    table = Table(
        system=system,
        name=declared["name"],
        description=declared.get("description", ""),
        columns=tuple(_column(column) for column in declared["columns"]),
        key=tuple(meta.get("key", ())),
        cursor=meta.get("cursor"),
        optional=meta.get("optional", False),
        where=meta.get("where"),
        module=meta.get("module"),
        feeds=tuple(meta.get("feeds", ())),
        needed_for=meta.get("needed_for"),
        relation=meta.get("relation"),
    )
    if faults := list(_faults(table, declared, meta)):
        raise ConfigurationError(f"{system}: table {table.name}: {'; '.join(faults)}.")
    return table


def _faults(table: Table, declared: Mapping[str, Any], meta: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a declaration, in words."""
    names = [column.name for column in table.columns]
    if not table.key:
        yield "config.meta.key is missing: the columns that tell its rows apart"
    for name in filter(None, (*table.key, table.cursor)):
        if name not in names:
            yield f"{name!r}, named as key or cursor, is no declared column"
    if declared.get("identifier", table.raw_name) != table.raw_name:
        yield f"identifier must be {table.raw_name}"
    if unknown := sorted(set(meta) - TABLE_WORDS):
        known = ", ".join(sorted(TABLE_WORDS))
        yield f"config.meta does not know {', '.join(unknown)}; it knows {known}"
    for column in table.columns:
        if not TYPE.fullmatch(column.data_type):
            yield (
                f"column {column.name} has type {column.data_type!r}; there are string, bigint, "
                "decimal(p,s), double, date, timestamp and boolean"
            )
        if column.personal is not None and column.personal not in PERSONAL:
            yield (
                f"column {column.name} is marked as personal: {column.personal!r}; there are "
                f"{', '.join(PERSONAL)}"
            )
        if column.personal and column.data_type != "string":
            yield f"column {column.name} is marked as personal, and only a string can be blanked"


def _contract() -> System:
    tables = []
    for model in _read(CONTRACT)["models"]:
        given = [c for c in model["columns"] if c["name"] not in ("source_id", "source_system")]
        declared = {**model, "name": model["name"].removeprefix("int_"), "columns": given}
        table = declared_table("contract", declared)
        columns = tuple(replace(c, optional=not c.required) for c in table.columns)
        tables.append(replace(table, columns=columns, optional=True))
    return System("contract", "The conformed tables, given directly.", tuple(tables))


@cache
def feeders() -> dict[str, frozenset[str]]:
    """The systems whose staging ends in each contract table."""
    found = {}
    for table in systems()["contract"].tables:
        model = (CONTRACT.parent / f"int_{table.name}.sql").read_text(encoding="utf-8")
        found[table.name] = frozenset(re.findall(r"'stg_([a-z0-9]+)__\w+'", model))
    return found


@cache
def systems() -> dict[str, System]:
    """All systems that the product knows, by name."""
    found = {"contract": _contract()}
    for path in sorted(STAGING.glob("*/_*__sources.yml")):
        if path.parent.name == "contract":
            continue
        (source,) = _read(path)["sources"]
        tables = tuple(declared_table(source["name"], table) for table in source["tables"])
        found[source["name"]] = System(source["name"], source["description"], tables)
    return found


def system(name: str) -> System:
    """The system of that name.

    Raises:
        ConfigurationError: no such system is declared.

    """
    try:
        return systems()[name]
    except KeyError:
        known = ", ".join(systems())
        raise ConfigurationError(f"unknown system {name!r}; known are {known}.") from None


def declared_in(system: str) -> Path:
    """The file that declares the tables of a system."""
    return CONTRACT if system == "contract" else STAGING / system / f"_{system}__sources.yml"


def is_declared(system: str, table: str) -> bool:
    """Whether a system still declares the table; one that is landed may be declared no longer."""
    known = systems().get(system)
    return known is not None and table in {declared.name for declared in known.tables}

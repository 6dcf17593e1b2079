"""Rules that follow from a table's declaration and from what its batch says of itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from data_quality.rules import BATCH, NEVER, QueryRule, RowRule, Rule, given
from ingestion.config import Limits
from ingestion.declarations import Column, Table
from ingestion.engine import quoted_name, quoted_text
from ingestion.landing import Batch, known_at

FIRST_DAY, LAST_DAY = "1990-01-01", "2100-01-01"
OPEN_ENDED = ("valid", "_value_datetime", "date_end")
"""Parts of names of dates that may lie anywhere: an end of validity may be 9999-12-31."""
EVENTS = frozenset(
    {
        *("create_date", "write_date", "date_done"),
        *("CreatedDate", "ClosedDate", "SystemModstamp"),
        *("answered_at", "detected_at", "entered_at", "invited_at"),
        *("occurred_at", "opened_at", "received_at"),
    }
)
"""Columns that say when something happened, which cannot be after it was read."""
BOOK_DATE = {
    ("fec", "entries"): "EcritureDate",
    ("odoo", "account_move_line"): "date",
    ("sage100", "F_ECRITUREC"): "JM_Date",
    ("contract", "ledger_entries"): "entry_date",
}
"""The date that counts of a line of the books. The line's other dates are only told: without the
line, the books would no longer balance."""
PERSONAL = frozenset({"agent_login"})
"""Key columns that name a person: examples show a fingerprint instead."""
DUCKDB_TYPES = {"string": "VARCHAR"}


def schema_rule(table: Table) -> QueryRule:
    """Every declared column is there, in its declared type; nothing else can be asked before."""
    declared = ", ".join(
        f"({quoted_text(column.name)}, {quoted_text(_duckdb_type(column))})"
        for column in table.columns
    )
    return QueryRule(
        "schema",
        "every declared column is landed in its declared type",
        f"""
        select
            d.name || ' (declared ' || d.type || ', landed ' || coalesce(l.column_type, 'nothing')
                || ')' as example,
            1 as n
        from (values {declared}) as d (name, type)
        left join (select column_name, column_type from (describe select * from {BATCH})) as l
            on lower(l.column_name) = lower(d.name)
        where l.column_type is distinct from d.type
        """,
        checked=f"select {len(table.columns)}",
        unit="columns",
    )


def derived_rules(
    batch: Batch, previous_rows: int | None, limits: Limits, may_be_empty: frozenset[str]
) -> tuple[Rule, ...]:
    """The rules that need no knowledge of the product."""
    table = batch.table
    found: list[Rule] = [
        schema_rule(table),
        _rows_are_those_read(batch),
        _key_given(table, may_be_empty),
        _key_unique(table),
        _key_listed(table, batch.folder),
    ]
    if batch.manifest.totals:
        found.append(_totals(batch))
    if previous_rows is not None:
        found.append(_usual_row_count(batch, previous_rows, limits))
    if table.cursor:
        found.append(given(table.cursor, severity="warning"))
    required = [c.name for c in table.columns if c.required and c.name not in table.key]
    if required:
        found.append(given(*required))
    dates = [c.name for c in table.columns if _is_dated(c)]
    told = BOOK_DATE.get((table.system, table.name))
    if kept := [name for name in dates if told in (None, name)]:
        found.append(_dates_plausible(kept))
    if others := [name for name in dates if name not in kept]:
        found.append(_other_dates_plausible(others))
    events = [c.name for c in table.columns if c.name in EVENTS and _is_dated(c)]
    if events:
        found.append(_not_in_the_future(events, batch))
    return tuple(found)


def key_text(table: Table, alias: str = "") -> str:
    """SQL for a row's key as people are shown it."""
    prefix = f"{alias}." if alias else ""

    def part(name: str) -> str:
        text = f"cast({prefix}{quoted_name(name)} as varchar)"
        if name in PERSONAL:
            text = f"'#' || left(md5({text}), 8)"
        return f"coalesce({text}, '(empty)')"

    return " || '/' || ".join(part(name) for name in table.key)


def same_key(table: Table, left: str, right: str) -> str:
    """SQL that is true when two rows have the same key, in which NULL equals NULL."""
    return " and ".join(
        f"{left}.{quoted_name(name)} is not distinct from {right}.{quoted_name(name)}"
        for name in table.key
    )


def _rows_are_those_read(batch: Batch) -> QueryRule:
    rows = batch.manifest.rows
    return QueryRule(
        "rows_complete",
        "the batch holds as many rows as were read",
        f"""
        select {rows} || ' read, ' || count(*) || ' landed' as example, abs(count(*) - {rows}) as n
        from {BATCH} having count(*) <> {rows}
        """,
    )


def _key_given(table: Table, may_be_empty: frozenset[str]) -> RowRule:
    parts = table.key
    if len(parts) > 1:
        undeclared = {c.name for c in table.columns if table.system == "contract" and c.optional}
        parts = tuple(name for name in parts if name not in may_be_empty | undeclared)
    return RowRule(
        "key_given",
        "no row lacks its key",
        {name: f"{quoted_name(name)} is not null" for name in parts},
        severity="batch",
        threshold=0.0,
    )


def _key_unique(table: Table) -> QueryRule:
    key = ", ".join(quoted_name(name) for name in table.key)
    return QueryRule(
        "key_unique",
        "no two rows share a key",
        f"""
        select {key_text(table)} as example, copies as n
        from (select {key}, count(*) as copies from {BATCH} group by {key} having count(*) > 1)
        """,
    )


def _key_listed(table: Table, folder: Path) -> QueryRule:
    # What the keys lack is deleted from raw: a row that was just read must not be.
    keys = quoted_text(str(folder / "keys.parquet"))
    return QueryRule(
        "key_listed",
        "every row read is among the keys that the source holds",
        f"""
        select {key_text(table, "r")} as example, 1 as n
        from {BATCH} as r
        where not exists (select 1 from read_parquet({keys}) as k where {same_key(table, "k", "r")})
        """,
    )


def _totals(batch: Batch) -> QueryRule:
    names = {column.name for column in batch.table.columns}
    totals = {name: text for name, text in batch.manifest.totals.items() if name in names}
    compared = " union all ".join(
        f"""
        select
            {quoted_text(name)} || ' (source ' || {quoted_text(said)} || ', landed '
                || landed || ')' as example,
            1 as n
        from (select coalesce(sum({quoted_name(name)}), 0) as landed from {BATCH})
        where cast(landed as decimal(38, 8)) <> cast({quoted_text(said)} as decimal(38, 8))
        """
        for name, said in totals.items()
    )
    return QueryRule(
        "control_totals",
        "the amounts landed sum up to the source's own totals",
        compared,
        checked=f"select {len(totals)}",
        unit="totals",
    )


def _usual_row_count(batch: Batch, previous: int, limits: Limits) -> QueryRule:
    now = batch.manifest.source_rows
    emptied = now == 0 and previous > 0 and not limits.may_be_emptied
    unusual = previous >= limits.habit_rows and not (
        limits.least_share * previous <= now <= limits.most_times * previous
    )
    # What a person accepts is one of these, and not the others.
    change = "emptied" if now == 0 else "shrank" if now < previous else "grew"
    return QueryRule(
        f"row_count_{change}" if emptied or unusual else "row_count_usual",
        "the source holds about as many rows as at the load before",
        f"""
        select 'held {previous:,}, now {now:,}' as example, {abs(now - previous)} as n
        where {emptied or unusual}
        """,
        checked=f"select {max(previous, now)}",
        acceptable="once",
    )


def _dates_plausible(columns: list[str]) -> RowRule:
    conditions = {
        name: f"{quoted_name(name)} >= date '{FIRST_DAY}' "
        f"and {quoted_name(name)} < date '{LAST_DAY}'"
        for name in columns
    }
    words = f"every date lies between {FIRST_DAY[:4]} and {LAST_DAY[:4]}"
    return RowRule("dates_plausible", words, conditions)


def _other_dates_plausible(columns: list[str]) -> RowRule:
    rule = _dates_plausible(columns)
    return RowRule(
        "other_dates_plausible",
        f"the line's other dates lie between {FIRST_DAY[:4]} and {LAST_DAY[:4]}",
        rule.holds,
        severity="warning",
        threshold=NEVER,
    )


def _not_in_the_future(columns: list[str], batch: Batch) -> RowRule:
    # A day of grace: some systems keep local time, and clocks differ.
    read = known_at(batch.manifest.load_id).replace(tzinfo=None) + timedelta(days=1)
    return RowRule(
        "nothing_in_the_future",
        "nothing happened after it was read",
        {name: f"{quoted_name(name)} < timestamp '{read}'" for name in columns},
        severity="warning",
        threshold=NEVER,
    )


def _is_dated(column: Column) -> bool:
    dated = column.data_type in ("date", "timestamp")
    return dated and not any(part in column.name for part in OPEN_ENDED)


def _duckdb_type(column: Column) -> str:
    return DUCKDB_TYPES.get(column.data_type, column.data_type.upper().replace(" ", ""))

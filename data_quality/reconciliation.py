"""Gate 2: raw as it would be after the load, asked inside the transaction, before its commit.

Two questions. Is what was landed in raw, all of it and nothing else (accepted plus set apart
= source, in rows and in money)? Does every row refer to rows that exist? A load that fails the
first changes nothing. Orphans are let in up to the usual share, since a row that was set apart
leaves some behind; beyond it the load is refused too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from data_quality.queries import ask
from data_quality.results import RuleResult
from data_quality.rules import QueryRule, Reference
from data_quality.suites import suite
from data_quality.suites.derived import key_text, same_key
from ingestion.config import Limits
from ingestion.declarations import Table, system
from ingestion.engine import quoted_name, quoted_text
from ingestion.landing import QUARANTINED, Batch

if TYPE_CHECKING:
    import duckdb


def reconcile(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[Batch],
    limits: Mapping[str, Limits] | None = None,
) -> tuple[RuleResult, ...]:
    """Compare raw with the batches just merged, and its tables with each other.

    Args:
        connection: the warehouse, in the transaction that merged the batches.
        batches: what was merged.
        limits: how much may be wrong, by source.

    """
    by_source = limits or {}
    newest = _newest(batches)
    results = []
    for batch in newest:
        for rule in merge_rules(batch):
            allowed = by_source.get(batch.manifest.source_id, Limits())
            table = batch.manifest.table
            results.append(ask(connection, batch.name, rule, table=table, limits=allowed))
    for source_id, system_name, reference in _references(newest):
        rule = reference_rule(source_id, system_name, reference)
        allowed = by_source.get(source_id, Limits())
        name, table = f"{source_id}.{reference.table}", reference.table
        results.append(ask(connection, name, rule, table=table, limits=allowed))
    return tuple(results)


def merge_rules(batch: Batch) -> tuple[QueryRule, ...]:
    """What must hold between a batch and raw after its merge."""
    rules = [_rows_merged(batch), _same_rows(batch)]
    if batch.manifest.totals:
        rules.append(_control_totals(batch))
    return tuple(rules)


def reference_rule(source_id: str, system_name: str, reference: Reference) -> QueryRule:
    """Every value of the column is a current row of the other table."""
    declared = system(system_name)
    table = declared.table(reference.table)
    column, to_column = quoted_name(reference.column), quoted_name(reference.to_column)
    target = _current(declared.table(reference.to_table), source_id)
    referring = f"{_current(table, source_id)} as c where c.{column} is not null"
    if reference.only_if_given:
        referring += f" and exists (select 1 from {target} as any_row)"
    return QueryRule(
        f"{reference.column}_exists",
        f"every {reference.column} is a row of {reference.to_table}",
        f"""
        select {key_text(table, "c")} || ' (' || c.{column} || ')' as example, 1 as n
        from {referring}
            and not exists (select 1 from {target} as t where t.{to_column} = c.{column})
        """,
        checked=f"select count(*) from {referring}",
        severity="warning",
        threshold=reference.threshold,
        acceptable="lasting",
    )


def _newest(batches: Iterable[Batch]) -> list[Batch]:
    """The last batch of each table: only its rows are current."""
    found: dict[tuple[str, str], Batch] = {}
    for batch in sorted(batches, key=lambda batch: batch.manifest.load_id):
        found[batch.manifest.source_id, batch.manifest.table] = batch
    return list(found.values())


def _references(batches: list[Batch]) -> Iterator[tuple[str, str, Reference]]:
    """The references from or to a table that the load changed."""
    changed: dict[tuple[str, str], set[str]] = {}
    for batch in batches:
        source = (batch.manifest.source_id, batch.manifest.system)
        changed.setdefault(source, set()).add(batch.manifest.table)
    for (source_id, system_name), tables in changed.items():
        for reference in suite(system_name).REFERENCES:
            if tables & {reference.table, reference.to_table}:
                yield source_id, system_name, reference


def _current(table: Table, source_id: str) -> str:
    return (
        f"(select * from raw.{quoted_name(table.raw_name)} "
        f"where source_id = {quoted_text(source_id)} and _to_load is null)"
    )


def _landed(batch: Batch, name: str) -> str:
    return f"read_parquet({quoted_text(str(batch.folder / name))})"


def _rows_merged(batch: Batch) -> QueryRule:
    table = batch.table
    current = _current(table, batch.manifest.source_id)
    accepted = f"{_landed(batch, 'rows.parquet')} as l where {_not_set_apart(batch, 'l')}"
    return QueryRule(
        "rows_merged",
        "every accepted row is current in raw",
        f"""
        select {key_text(table, "l")} as example, 1 as n
        from {accepted}
            and not exists (select 1 from {current} as r where {same_key(table, "r", "l")})
        """,
        checked=f"select count(*) from {accepted}",
    )


def _same_rows(batch: Batch) -> QueryRule:
    """Raw holds the source's keys, but for those whose only version was ever set apart.

    While the key of a rejected row cannot be read, nothing was deleted, so raw may hold more.
    """
    table = batch.table
    current = _current(table, batch.manifest.source_id)
    names = ", ".join(quoted_name(name) for name in table.key)
    keys = f"(select distinct {names} from {_landed(batch, 'keys.parquet')})"
    too_much = f"""
        union all
        select 'too much ' || {key_text(table, "r")} as example, 1 as n
        from {current} as r
        where not exists (select 1 from {keys} as k where {same_key(table, "k", "r")})
    """
    return QueryRule(
        "same_rows",
        "raw holds the rows that the source holds, but for those set apart",
        f"""
        select 'missing ' || {key_text(table, "k")} as example, 1 as n
        from {keys} as k
        where not exists (select 1 from {current} as r where {same_key(table, "r", "k")})
            and {_never_set_apart(batch, "k")}
        {"" if batch.manifest.keys_unknown else too_much}
        """,
        checked=f"select count(*) from {keys}",
    )


def _control_totals(batch: Batch) -> QueryRule:
    table, totals = batch.table, batch.manifest.totals
    current = _current(table, batch.manifest.source_id)
    landed = _landed(batch, "rows.parquet")
    sums = ", ".join(f"sum({quoted_name(name)}) as {quoted_name(name)}" for name in totals)
    merged = f"""
        select {sums} from {current} as r
        where exists (
            select 1 from {landed} as l
            where {same_key(table, "l", "r")} and {_not_set_apart(batch, "l")}
        )
    """
    apart = f"select {sums} from {landed} as l where not ({_not_set_apart(batch, 'l')})"
    compared = " union all ".join(
        f"""
        select
            {quoted_text(name)} || ' (source ' || {quoted_text(said)} || ', raw ' || found || ')'
                as example,
            1 as n
        from (
            select
                coalesce((select {quoted_name(name)} from merged), 0)
                + coalesce((select {quoted_name(name)} from apart), 0) as found
        )
        where cast(found as decimal(38, 8)) <> cast({quoted_text(said)} as decimal(38, 8))
        """
        for name, said in totals.items()
    )
    return QueryRule(
        "control_totals",
        "amounts in raw plus those set apart are the source's own totals",
        f"with merged as ({merged}), apart as ({apart}) {compared}",
        checked=f"select {len(totals)}",
        unit="totals",
    )


def _not_set_apart(batch: Batch, alias: str) -> str:
    if not (batch.folder / QUARANTINED).exists():
        return "true"
    same = same_key(batch.table, "q", alias)
    return f"not exists (select 1 from {_landed(batch, QUARANTINED)} as q where {same})"


def _never_set_apart(batch: Batch, alias: str) -> str:
    """Neither this load nor an earlier one set the row apart."""
    loads = batch.folder.parent
    conditions = []
    if quarantined := sorted(loads.glob(f"*/{QUARANTINED}")):
        same = same_key(batch.table, "q", alias)
        conditions.append(f"not exists (select 1 from {_files(quarantined)} as q where {same})")
    if rejected := sorted(loads.glob("*/rejected.parquet")):
        parts = ", ".join(f"{alias}.{quoted_name(name)}" for name in batch.table.key)
        key = f"concat_ws('/', {parts})"
        conditions.append(f"not exists (select 1 from {_files(rejected)} as q where q.key = {key})")
    return " and ".join(conditions) or "true"


def _files(paths: Iterable[object]) -> str:
    listed = ", ".join(quoted_text(str(path)) for path in paths)
    return f"read_parquet([{listed}], union_by_name = true)"

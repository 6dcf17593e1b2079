"""From text to the three files of a landed batch: typed rows, keys, and rows kept out.

Every format ends here, so a broken date is found, named and kept in the same way whether it
came from CSV, Excel or an accounting file. All of it is vectorised: one statement casts a
file's rows, marks those with problems and keeps the source's own text for these only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.declarations import Table
from ingestion.engine import copy_to_parquet, one_row, quoted_name, quoted_text
from ingestion.transports.base import Extraction, Problem
from ingestion.transports.casting import Value

if TYPE_CHECKING:
    import duckdb

EXAMPLES = 20
"""Problems that are told one by one; all of them are in `rejected.parquet`."""
LONGEST_VALUE_SHOWN = 60


@dataclass(frozen=True)
class Rule:
    """A further rule about one row, in SQL over its text (`x.<column>`) and values (`v.<column>`).

    A rule of severity `row` keeps the row out; one of severity `warning` is told with its count.
    """

    code: str
    severity: str
    message: str
    broken: str
    field: str | None = None


@dataclass
class StagedRows:
    """The rows of one table, gathered from its files in a temporary DuckDB table.

    The table `staged` has: file, row (ordinal or line), one typed column for each declared one,
    problems (list of field, code, message; NULL for a good row), source_text (for bad rows),
    notes (bits of the warning rules broken).
    """

    connection: duckdb.DuckDBPyConnection
    table: Table
    values: Sequence[Value]
    rules: Sequence[Rule] = ()
    files: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        columns = ", ".join(
            f"{quoted_name(f'v.{value.name}')} {_type(value)}" for value in self.values
        )
        self.connection.execute(
            f"""
            create or replace temp table staged (
                file integer, row bigint, {columns},
                problems struct(field varchar, code varchar, message varchar)[],
                source_text varchar, notes bigint
            )
            """
        )
        self.connection.execute(
            "create or replace temp table located "
            "(file integer, row bigint, line bigint, text varchar)"
        )

    def add(self, file: str, origin: str, values: Sequence[Value] | None = None) -> int:
        """Cast the rows of one file.

        Args:
            file: its name, for problems.
            origin: a query that gives _row BIGINT, _fault VARCHAR (why the row as a whole cannot
                be read, as `code: message`, else NULL), _source_text VARCHAR (or NULL) and the
                text of every declared column, under its name.
            values: how to read this file's text, when it differs between files.

        Returns:
            Number by which this file is known in `staged` and `located`.

        """
        if file not in self.files:
            self.files.append(file)
        number = self.files.index(file)
        self._stage(f"select *, {number} as _file from ({origin})", values or self.values)
        return number

    def add_files(self, files: Sequence[str], origin: str) -> None:
        """Cast the rows of many files at once.

        Args:
            files: their names, for problems.
            origin: a query as `add` takes it, with _file INTEGER beside: which file, from 0.

        """
        first = len(self.files)
        self.files += files
        self._stage(f"select * replace ({first} + _file as _file) from ({origin})", self.values)

    def _stage(self, origin: str, values: Sequence[Value]) -> None:
        typed = ", ".join(_emptied(value) for value in values)
        given = ", ".join(f"{quoted_text(value.name)}: {_x(value)}" for value in values)
        problems = ", ".join(
            f"case when {broken} then {told} end" for broken, told in self._found(values)
        )
        bits = " + ".join(
            f"case when {rule.broken} then {1 << bit} else 0 end"
            for bit, rule in enumerate(self._warning_rules())
        )
        self.connection.execute(
            f"""
            insert into staged
            {self._judged(origin, values)}
            select
                _file as file, _row as row, {typed},
                case
                    when _fault is not null then [{{
                        'field': null,
                        'code': split_part(_fault, ': ', 1),
                        'message': substr(_fault, strpos(_fault, ': ') + 2)
                    }}]
                    when bad then list_filter([{problems}], lambda p: p is not null)
                end as problems,
                case
                    when bad then coalesce(_source_text, to_json({{{given}}})::varchar)
                end as source_text,
                case when _fault is null then {bits or "0"} else 0 end as notes
            from judged
            """
        )

    def write_sound(self, origin: str, target: Path) -> int:
        """Write the rows of one file that have no problem, without staging any; their number."""
        typed = ", ".join(f"{_emptied(v)} as {quoted_name(v.name)}" for v in self.values)
        judged = self._judged(f"select *, 0 as _file from ({origin})", self.values)
        return copy_to_parquet(
            self.connection, f"{judged} select {typed} from judged where not bad", target
        )

    def count(self) -> int:
        """Rows read so far, good and bad."""
        return int(one_row(self.connection, "select count(*) from staged")[0])

    def faulty(self, file: int) -> int:
        """Rows of a file that are kept out."""
        return int(
            one_row(
                self.connection,
                f"select count(*) from staged where file = {file} and problems is not null",
            )[0]
        )

    def keys_unknown(self) -> int:
        """Rows kept out whose key cannot be read either."""
        absent = " or ".join(f"{quoted_name(f'v.{name}')} is null" for name in self.table.key)
        counted = f"select count(*) from staged where problems is not null and ({absent})"
        return int(one_row(self.connection, counted)[0])

    def totals(self, *, kept_out: bool = False) -> dict[str, str]:
        """Sums of the amounts, of the good rows or of those kept out."""
        names = [v.name for v in self.values if v.data_type.startswith("decimal")]
        if not names:
            return {}
        sums = ", ".join(f"coalesce(sum({quoted_name(f'v.{name}')}), 0)::varchar" for name in names)
        which = "is not null" if kept_out else "is null"
        row = one_row(self.connection, f"select {sums} from staged where problems {which}")
        return dict(zip(names, row, strict=True))

    def write(self, into: Path) -> Extraction:
        """Write the batch's files, and say what is in them."""
        self._write_rows(into)
        self.write_keys(into)
        rows, rejected = one_row(
            self.connection,
            "select count(*) filter (problems is null), count(problems) from staged",
        )
        if rejected:
            self._write_rejected(into)
        else:  # what another attempt had found
            (into / "rejected.parquet").unlink(missing_ok=True)
        return Extraction(
            rows=rows,
            source_rows=rows + rejected,
            rejected_rows=rejected,
            keys_unknown=self.keys_unknown(),
            totals=self.totals(),
            cursor_to=self._cursor_to(),
            problems=[*self._first_problems(), *self._warnings()],
        )

    def _judged(self, origin: str, values: Sequence[Value]) -> str:
        """SQL that casts the rows of files and says which are bad, as `judged`."""
        text = ", ".join(f"{_clean(value)} as {_x(value)}" for value in values)
        cast = ", ".join(f"{value.cast(_x(value))} as {_v(value)}" for value in values)
        suspicious = " or ".join(f"({broken})" for broken, _ in self._found(values))
        return f"""
            with cleaned as (select _file, _row, _fault, _source_text, {text} from ({origin})),
            valued as (select *, {cast} from cleaned),
            judged as (
                select *, coalesce({suspicious}, false) or _fault is not null as bad from valued
            )
            """

    def _found(self, values: Sequence[Value]) -> list[tuple[str, str]]:
        """Conditions that keep a row out, each with the problem that it then has."""
        found = []
        for value in values:
            if value.code:
                shown = f"left({_x(value)}, {LONGEST_VALUE_SHOWN})"
                message = f"'\"' || {shown} || '\" is not ' || {quoted_text(value.expected)}"
                broken = f"{_x(value)} is not null and {_v(value)} is null"
                found.append((broken, _problem(value.name, value.code, message)))
        keys = [value for value in values if value.name in self.table.key]
        if keys:
            # An empty part of a key is a value ("all teams"); a key empty in all parts is none.
            names = ", ".join(self.table.key)
            message = quoted_text(f"the key is empty ({names}): the row cannot be told from others")
            broken = " and ".join(f"{_x(value)} is null" for value in keys)
            found.append((broken, _problem(self.table.key[0], "null_key", message)))
        for rule in self.rules:
            if rule.severity == "row":
                told = _problem(rule.field, rule.code, quoted_text(rule.message))
                found.append((rule.broken, told))
        return found

    def _warning_rules(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.severity == "warning"]

    def _declared(self) -> str:
        return ", ".join(
            f"{quoted_name(f'v.{column.name}')} as {quoted_name(column.name)}"
            for column in self.table.columns
        )

    def _write_rows(self, into: Path) -> None:
        copy_to_parquet(
            self.connection,
            f"select {self._declared()} from staged where problems is null",
            into / "rows.parquet",
        )

    def write_keys(self, into: Path) -> None:
        """Write the key and the cursor of every row, good or bad."""
        # A row kept out still exists in the source: its key keeps the version that raw has.
        names = ", ".join(quoted_name(name) for name in self.table.key_and_cursor)
        present = " or ".join(f"{quoted_name(name)} is not null" for name in self.table.key)
        copy_to_parquet(
            self.connection,
            f"select {names} from (select {self._declared()} from staged) where {present}",
            into / "keys.parquet",
        )

    def _write_rejected(self, into: Path) -> None:
        copy_to_parquet(
            self.connection,
            f"{self._rejected()} order by file, line, field",
            into / "rejected.parquet",
        )

    def _rejected(self) -> str:
        files = ", ".join(quoted_text(name) for name in self.files)
        key = ", ".join(quoted_name(f"v.{name}") for name in self.table.key)
        return f"""
            select
                coalesce(l.line, s.row) as line,
                s.problem.field as field, s.problem.code as code, s.problem.message as message,
                s.key, coalesce(l.text, s.source_text) as row,
                ([{files}]::varchar[])[s.file + 1] as file
            from (
                select file, row, source_text, unnest(problems) as problem,
                    nullif(concat_ws('/', {key}), '') as key
                from staged where problems is not null
            ) as s
            left join located as l on l.file = s.file and l.row = s.row
        """

    def _cursor_to(self) -> str | None:
        if self.table.cursor is None:
            return None
        highest = f"max({quoted_name(f'v.{self.table.cursor}')})::varchar"
        found = one_row(self.connection, f"select {highest} from staged where problems is null")[0]
        return str(found) if found is not None else None

    def _first_problems(self) -> list[Problem]:
        rows = self.connection.execute(
            f"select code, message, file, line, field from ({self._rejected()}) "
            f"order by file, line, field limit {EXAMPLES}"
        ).fetchall()
        return [Problem("row", *row) for row in rows]

    def _warnings(self) -> list[Problem]:
        """One warning for each rule broken, with how often and where first."""
        rules = self._warning_rules()
        if not rules:
            return []
        measures = ", ".join(
            f"count(*) filter ({broken}), min((file, row)) filter ({broken})"
            for broken in (f"notes & {1 << bit} > 0" for bit in range(len(rules)))
        )
        found = one_row(self.connection, f"select {measures} from staged where notes > 0")
        told = []
        for rule, rows, first in zip(rules, found[::2], found[1::2], strict=True):
            if rows:
                file, line = first
                message = f"{rule.message} ({rows:,} rows; this is the first)"
                told.append(
                    Problem("warning", rule.code, message, self.files[file], line, rule.field)
                )
        return told


def write_nothing(connection: duckdb.DuckDBPyConnection, table: Table, into: Path) -> Extraction:
    """The batch of a table that the source does not hold, or of which nothing can be read."""
    columns = ", ".join(
        f"cast(null as {c.data_type}) as {quoted_name(c.name)}" for c in table.columns
    )
    keys = ", ".join(quoted_name(name) for name in table.key_and_cursor)
    for selected, name in ((columns, "rows"), (f"{keys} from (select {columns})", "keys")):
        nothing = f"select * from (select {selected}) where false"
        copy_to_parquet(connection, nothing, into / f"{name}.parquet")
    return Extraction(rows=0, source_rows=0, missing_columns=("*",))


def _type(value: Value) -> str:
    return "varchar" if value.data_type == "string" else value.data_type


def _x(value: Value) -> str:
    return quoted_name(f"x.{value.name}")


def _v(value: Value) -> str:
    return quoted_name(f"v.{value.name}")


def _emptied(value: Value) -> str:
    """The value, or NULL where the source wrote what stands for none."""
    sql = _v(value)
    for nothing in value.empty:
        sql = f"nullif({sql}, cast({quoted_text(nothing)} as {_type(value)}))"
    return sql


def _clean(value: Value) -> str:
    text = quoted_name(value.name)
    text = f"trim({text})" if value.trimmed else text
    return f"nullif({text}, '')" if value.blank_is_none else text


def _problem(name: str | None, code: str, message: str) -> str:
    shown = quoted_text(name) if name else "null"
    return f"{{'field': {shown}, 'code': {quoted_text(code)}, 'message': {message}}}"

"""Five marts by DuckDB beside PostgreSQL, pandas and Spark on the same machine.

    python -m benchmarks.marts --home /somewhere --folder /elsewhere --times 5

The home has had a night: the tables that the five models read are copied from it, into a DuckDB
file, Parquet files and an embedded PostgreSQL. Ways take turns, each in a process of its own:

- *duckdb*: the model's SQL, as dbt compiles it and with the settings of its profile, to a table;
- *postgres*: the same SQL in its words, `create table as`, tables analyzed, settings as for 4 GB;
- *pandas*: written by hand, from Parquet to Parquet: `marts_pandas.py`;
- *spark*: the same SQL in its words, from Parquet to Parquet, warmed: `marts_spark.py`.

What programs and sessions take to start, and servers to be loaded, is not counted. Every answer is
compared with the published mart, row by row: there is no time for a wrong one.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from benchmarks.alternating import Measured, alternate, measured, tell
from benchmarks.compiled import compiled
from ingestion.embedded_postgres import embedded_postgres, stop_embedded_postgres
from ingestion.engine import connect, one_row, quoted_name, quoted_text
from ingestion.home import Home
from orchestration import dbt_runner, publish

MARTS: dict[str, tuple[str, ...]] = {
    # One plain aggregation.
    "aging": (
        *("as_of_date", "company_id", "customer_id", "currency_code"),
        *("account_role", "aging_bucket"),
    ),
    # The same documents five times, by five dates.
    "document_volume_daily": ("company_id", "activity_date", "document_kind", "channel", "team"),
    # Running totals, each repeated until the day on which it changes.
    "order_book_daily": (
        *("company_id", "as_of_date", "book", "document_type", "customer_segment"),
        *("product_range", "site", "promised_month"),
    ),
    # Joins, and two dozen sums under conditions.
    "service_rate_monthly": (
        *("company_id", "date_reference", "month_start", "customer_segment"),
        *("product_range", "site", "carrier"),
    ),
    # Three aggregations, then ranks and shares.
    "top_sales_monthly": ("company_id", "month_start", "level", "member_id"),
}
"""The grain of each; chosen for their shapes."""
POSTGRES = {
    "shared_buffers": "1GB",
    "work_mem": "256MB",
    "effective_cache_size": "3GB",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "2",
}
"""On top of those of the demo company's, which trade durability for speed."""
ROUNDING = {"pandas": "0.0001"}
"""By how much an amount may differ; money has steps of 0.0001, ratios of 0.000001."""
EXACT = "0.000001"


@dataclass(frozen=True)
class Folder:
    """Where the tables and the answers of one comparison lie."""

    root: Path

    @property
    def file(self) -> Path:
        """The tables that models read, for DuckDB."""
        return self.root / "inputs.duckdb"

    @property
    def parquet(self) -> Path:
        """The same as files."""
        return self.root / "inputs"

    @property
    def server(self) -> Path:
        """The same in PostgreSQL."""
        return self.root / "postgres"

    def sql(self, mart: str, dialect: str) -> Path:
        """A model's query in an engine's words."""
        return self.root / "sql" / f"{mart}.{dialect}.sql"

    def answer(self, mart: str, way: str) -> Path:
        """What a way gave, or what was published."""
        return self.root / "answers" / f"{mart}.{way}.parquet"


def main() -> None:
    """Prepare, alternate, compare, and print a line for each mart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="an installation that has had a night")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--turn", nargs=2, metavar=("WAY", "MART"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    folder = Folder(given.folder.resolve())
    if given.turn:
        way, mart = given.turn
        tell(OURS[way](folder, mart))
        return
    _prepare(folder, Home(given.home.resolve()))
    print("| mart | rows read | rows | " + " | ".join(WAYS) + " |")
    print("|---|---" * 2 + "|---" * (len(WAYS) - 1) + "|")
    for mart in MARTS:
        turns = alternate(
            {way: command(folder, mart) for way, command in WAYS.items()}, given.times
        )
        for way in WAYS:
            _compare(folder, mart, way)
        print(_line(folder, mart, turns), flush=True)
    stop_embedded_postgres(folder.server)


def _prepare(folder: Folder, home: Home) -> None:
    shutil.rmtree(folder.root, ignore_errors=True)
    for made in (folder.parquet, folder.sql("", "").parent, folder.answer("", "").parent):
        made.mkdir(parents=True)
    build = publish.begin(home, "benchmark")
    dbt_runner.prepare_manifest(home, ())
    project = compiled(home)
    shutil.rmtree(build)
    tables: dict[str, str] = {}
    for model in project.models:
        if model.name in MARTS:
            tables |= _translate(folder, model.name, model.sql)
    with connect(folder.file) as connection:
        connection.execute(f"attach {quoted_text(str(home.warehouse))} as warehouse (read_only)")
        connection.execute(f"attach {quoted_text(str(home.marts))} as marts (read_only)")
        for name, relation in tables.items():
            connection.execute(f"create table {name} as from {relation}")
            _export(connection, name, folder.parquet / f"{name}.parquet")
        for mart in MARTS:
            _export(connection, f"marts.kpi.{mart}", folder.answer(mart, "published"))
    _load_postgres(folder, tables)


def _translate(folder: Folder, mart: str, sql: str) -> dict[str, str]:
    """Write a model's query for each engine, and return the relation behind each table in it."""
    query = sqlglot.parse_one(sql, read="duckdb")
    tables = {}
    for table in query.find_all(exp.Table):
        if table.catalog:
            tables[table.name] = table.sql("duckdb", copy=True).partition(" AS ")[0]
            table.set("catalog", None)
            table.set("db", None)
    for dialect, adapted in ADAPTED.items():
        words = query.transform(adapted).sql(dialect, pretty=True)
        words = words.replace(DAYS_JOINED, DAYS_LISTED.get(dialect, DAYS_JOINED))
        folder.sql(mart, dialect).write_text(words, encoding="utf-8")
    return tables


def _series_of_rows(node: exp.Expression) -> exp.Expression:
    """A series is a list for DuckDB, to be taken apart, and rows already for PostgreSQL."""
    series = node.this if isinstance(node, exp.Explode) else None
    return series if isinstance(series, exp.GenerateSeries) else node


def _cast_as_a_list(node: exp.Expression) -> exp.Expression:
    """Spark takes lists apart only on their own: the list is cast, not its parts."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Explode):
        kind = exp.DataType.build("array", expressions=[node.to], nested=True)
        return exp.Explode(this=exp.cast(node.this.this, kind))
    return node


ADAPTED: dict[str, Callable[[exp.Expression], exp.Expression]] = {
    "duckdb": lambda node: node,
    "postgres": _series_of_rows,
    "spark": _cast_as_a_list,
}
"""What sqlglot leaves to say in other words."""
DAYS_JOINED = """INNER JOIN calendar
    ON calendar.date_day >= running.occurred_on
    AND calendar.date_day < running.next_occurred_on"""
DAYS_LISTED = {
    "postgres": """CROSS JOIN LATERAL (
    SELECT CAST(GENERATE_SERIES(
      running.occurred_on, running.next_occurred_on - 1, INTERVAL '1 DAY'
    ) AS DATE) AS date_day
  ) AS calendar""",
    "spark": """LATERAL VIEW EXPLODE(
    SEQUENCE(running.occurred_on, running.next_occurred_on - 1)
  ) calendar AS date_day""",
}
"""The one join by range: engines that know no such join would compare everything with every day."""


def _export(connection: duckdb.DuckDBPyConnection, relation: str, target: Path) -> None:
    connection.execute(f"copy (from {relation}) to {quoted_text(str(target))} (compression zstd)")


def _load_postgres(folder: Folder, tables: Mapping[str, str]) -> None:
    embedded_postgres(folder.server)
    with _postgres(folder) as connection:
        for name, value in POSTGRES.items():
            _tell(connection, f"alter system set {name} = {quoted_text(value)}")
    stop_embedded_postgres(folder.server)
    embedded_postgres(folder.server)
    with _postgres(folder) as connection:
        connection.execute(f"attach {quoted_text(str(folder.file))} as inputs (read_only)")
        for name in tables:
            connection.execute(f"create table pg.{name} as from inputs.{name}")
            _tell(connection, f"vacuum analyze {name}")


def _postgres(folder: Folder) -> duckdb.DuckDBPyConnection:
    connection = connect(extensions=["postgres_scanner"])
    dsn = embedded_postgres(folder.server)
    connection.execute(f"attach {quoted_text(dsn)} as pg (type postgres)")
    return connection


def _tell(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Let PostgreSQL itself do something, outside any transaction."""
    told = f"call postgres_execute('pg', {quoted_text(statement)}, use_transaction = false)"
    connection.execute(told)


def _by_duckdb(folder: Folder, mart: str) -> Measured:
    sql = folder.sql(mart, "duckdb").read_text(encoding="utf-8")
    with connect(folder.file) as connection:
        connection.execute(f"drop table if exists {mart}")

        def made() -> None:
            connection.execute(f"create table {mart} as {sql}")
            connection.execute("checkpoint")

        taken = measured(made)
        _export(connection, mart, folder.answer(mart, "duckdb"))
        connection.execute(f"drop table {mart}")
    return taken


def _by_postgres(folder: Folder, mart: str) -> Measured:
    sql = folder.sql(mart, "postgres").read_text(encoding="utf-8")
    with _postgres(folder) as connection:
        _tell(connection, f"drop table if exists {mart}")
        taken = measured(lambda: _tell(connection, f"create table {mart} as {sql}"))
        connection.execute("call pg_clear_cache()")
        _export(connection, f"pg.{mart}", folder.answer(mart, "postgres"))
        _tell(connection, f"drop table {mart}")
    return taken


def _by_pandas(folder: Folder, mart: str) -> Measured:
    from benchmarks import marts_pandas

    make, target = marts_pandas.MARTS[mart], folder.answer(mart, "pandas")
    return measured(lambda: make(folder.parquet).to_parquet(target, index=False))


OURS: dict[str, Callable[[Folder, str], Measured]] = {
    "duckdb": _by_duckdb,
    "postgres": _by_postgres,
    "pandas": _by_pandas,
}
"""Those that need no environment of their own."""


def _turn(way: str) -> Callable[[Folder, str], Sequence[str]]:
    again = [sys.executable, "-m", "benchmarks.marts"]
    return lambda folder, mart: [*again, "--folder", str(folder.root), "--turn", way, mart]


def _spark(folder: Folder, mart: str) -> Sequence[str]:
    script = ["uv", "run", "--quiet", "--script", str(Path(__file__).with_name("marts_spark.py"))]
    files = (folder.parquet, folder.sql(mart, "spark"), folder.answer(mart, "spark"))
    return [*script, *map(str, files)]


WAYS: dict[str, Callable[[Folder, str], Sequence[str]]] = {
    **{way: _turn(way) for way in OURS},
    "spark": _spark,
}


def _compare(folder: Folder, mart: str, way: str) -> None:
    """See that a way gave the published rows.

    Raises:
        AssertionError: it did not.

    """
    step = ROUNDING.get(way, EXACT)
    answer = folder.answer(mart, way)
    files = f"{answer}/*.parquet" if answer.is_dir() else str(answer)
    with connect() as connection:
        published = connection.read_parquet(str(folder.answer(mart, "published")))
        connection.register("published", published)
        connection.execute(f"create view given as from read_parquet({quoted_text(files)})")
        same = []
        for name, kind in zip(published.columns, published.types, strict=True):
            mine, theirs = f"published.{quoted_name(name)}", f"cast(given.{name} as {kind})"
            equal = f"{mine} is not distinct from {theirs}"
            near = f" or abs({mine} - {theirs}) <= {step}" if "DECIMAL" in str(kind) else ""
            same.append(f"({equal}{near})")
        grain = " and ".join(
            f"published.{key} is not distinct from given.{key}" for key in MARTS[mart]
        )
        rows = f"from published full join given on {grain} where not ({' and '.join(same)})"
        (wrong,) = one_row(connection, f"select count(*) {rows}")
        assert not wrong, f"{mart} by {way}: {wrong} rows are not those published"


def _line(folder: Folder, mart: str, turns: Mapping[str, Sequence[Measured]]) -> str:
    """Medians and ranges of one mart, and how often ours goes into theirs."""
    clocks = {way: [turn.seconds for turn in every] for way, every in turns.items()}
    ours = statistics.median(clocks["duckdb"])
    cells = []
    for way, clock in clocks.items():
        median = statistics.median(clock)
        times = "" if way == "duckdb" else f": {median / ours:.1f} times"
        cells.append(f"{median:.2f} s ({min(clock):.2f} to {max(clock):.2f}){times}")
    query = sqlglot.parse_one(folder.sql(mart, "duckdb").read_text(encoding="utf-8"))
    with connect(folder.file, read_only=True) as connection:
        known = {name for (name,) in connection.execute("show tables").fetchall()}
        read = {table.name for table in query.find_all(exp.Table)} & known
        counts = [one_row(connection, f"select count(*) from {name}")[0] for name in read]
        published = quoted_text(str(folder.answer(mart, "published")))
        (rows,) = one_row(connection, f"select count(*) from {published}")
    return f"| `{mart}` | {sum(counts):,} | {rows:,} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
